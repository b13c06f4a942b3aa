import type { Change, Ctx, EventOf, Versioned } from '../../platform/contract/contract.ts';
import { unchanged } from '../../platform/contract/contract.ts';
import type { Availability, CreateProduct, LineItem, Product, UpdateProduct } from './product.contract.ts';
import { productEvents } from './product.contract.ts';

/** A product as it is kept: `for_sale` is the flag that staff set, whatever the stock. */
export interface ProductState extends Omit<Product, 'in_stock'>, Versioned {
  readonly for_sale: boolean;
  /** Whether this change sets the stock; otherwise the stock stays what the orders have left of it. */
  readonly restocked: boolean;
}

/** A new product: for sale and untracked unless told otherwise. */
export function createProduct(
  input: CreateProduct,
  facts: { product_id: number; currency: string },
  ctx: Ctx,
): Change<ProductState> {
  const next: ProductState = {
    product_id: facts.product_id,
    name: input.name,
    description: input.description ?? '',
    price: input.price,
    currency: input.currency ?? facts.currency,
    category: input.category,
    for_sale: input.in_stock ?? true,
    stock_quantity: input.stock_quantity ?? null,
    restocked: true,
    created_at: ctx.now,
    updated_at: ctx.now,
    version: 0,
  };
  return { next, events: [announce(productEvents.created, next)] };
}

/** Changes the given fields; a change that changes nothing is none. */
export function updateProduct(state: ProductState, input: UpdateProduct, ctx: Ctx): Change<ProductState> {
  const { product_id: _id, in_stock, stock_quantity, ...fields } = input;
  const next: ProductState = {
    ...state,
    ...fields,
    for_sale: in_stock ?? state.for_sale,
    stock_quantity: stock_quantity === undefined ? state.stock_quantity : stock_quantity,
    restocked: stock_quantity !== undefined,
    updated_at: ctx.now,
  };
  // A stock that is given is set, even to what was read: orders may have taken units since.
  const same = JSON.stringify({ ...next, updated_at: '' }) === JSON.stringify({ ...state, updated_at: '' });
  if (same && !next.restocked) return unchanged(state);
  return { next, events: [announce(productEvents.updated, next)] };
}

function announce<T extends string>(
  type: (subject: number, data: Product) => EventOf<T>,
  state: ProductState,
): EventOf<T> {
  return type(state.product_id, publicProduct(state));
}

/** What the world sees: in stock means for sale, and not sold out when the stock is tracked. */
export function publicProduct(state: ProductState): Product {
  const { for_sale, restocked: _restocked, version: _version, ...open } = state;
  return { ...open, in_stock: for_sale && (state.stock_quantity === null || state.stock_quantity > 0) };
}

/** Whether each line could be ordered now; lines of one product are counted together. */
export function availabilityOf(lines: readonly LineItem[], products: ReadonlyMap<number, Product>): Availability {
  const wanted = new Map<number, number>();
  for (const line of lines) wanted.set(line.product_id, (wanted.get(line.product_id) ?? 0) + line.quantity);
  const items = lines.map(({ product_id }) => {
    const product = products.get(product_id);
    if (!product) return { product_id, available: false, in_stock: false, stock_quantity: null, unit_price: null };
    const enough = product.stock_quantity === null || product.stock_quantity >= (wanted.get(product_id) ?? 0);
    const { in_stock, stock_quantity, price } = product;
    return { product_id, available: in_stock && enough, in_stock, stock_quantity, unit_price: price };
  });
  return { available: items.every((item) => item.available), items };
}
