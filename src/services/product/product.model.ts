import type { Change, Ctx, EventOf, Versioned } from '../../platform/contract/contract.ts';
import { unchanged } from '../../platform/contract/contract.ts';
import { invalid } from '../../platform/contract/errors.ts';
import type { Availability, CreateProduct, LineItem, Product, UpdateProduct } from './product.contract.ts';
import { productErrors, productEvents } from './product.contract.ts';
import { accountOf, type StockChange } from './stock/product.stock-change.model.ts';

/** A product as it is stored: `for_sale` is the flag that staff set, whatever the stock. */
export interface ProductState extends Omit<Product, 'in_stock' | 'withdrawn_at'>, Versioned {
  readonly for_sale: boolean;
  /** Since when it is neither listed nor orderable; null: it is in the catalogue. */
  readonly withdrawn_at: string | null;
  /** What this change does to the stock; null: the stock stays what the orders have left of it. */
  readonly stock_change: StockChange | null;
}

/** What a change of a product depends on beside the product: the currency that the shop is paid in. */
export interface ShopFacts {
  readonly currency: string;
}

/** A new product: for sale and untracked unless the input says otherwise. Throws PRODUCT_OTHER_CURRENCY. */
export function createProduct(
  input: CreateProduct,
  facts: ShopFacts & { readonly product_id: number },
  ctx: Ctx,
): Change<ProductState> {
  mustBePayable(input.currency, facts);
  const tracked = typeof input.stock_quantity === 'number';
  const next: ProductState = {
    product_id: facts.product_id,
    name: input.name,
    description: input.description ?? '',
    price: input.price,
    currency: input.currency ?? facts.currency,
    category: input.category,
    for_sale: input.in_stock ?? true,
    stock_quantity: input.stock_quantity ?? null,
    withdrawn_at: null,
    stock_change: tracked
      ? { kind: 'opening', quantity: input.stock_quantity ?? 0, reason: null, user_id: accountOf(ctx.actor) }
      : null,
    created_at: ctx.now,
    updated_at: ctx.now,
    version: 0,
  };
  return { next, events: [announce(productEvents.created, next)] };
}

/**
 * Changes the fields that are given. Writing back what was read changes nothing: read-only fields may come back as they
 * are, and the same values are no change. Throws PRODUCT_OTHER_CURRENCY for a new currency that the shop is not paid in,
 * and TRADEPOST_INVALID for another value of a read-only field.
 */
export function updateProduct(
  state: ProductState,
  input: UpdateProduct,
  facts: ShopFacts,
  ctx: Ctx,
): Change<ProductState> {
  const { product_id: _id, created_at, updated_at, withdrawn_at, in_stock: _flag, stock_quantity, ...fields } = input;
  mustBeAsRead(state, { created_at, updated_at, withdrawn_at });
  if (input.currency !== state.currency) mustBePayable(input.currency, facts);
  const isNewStock = stock_quantity !== undefined && stock_quantity !== state.stock_quantity;
  const next: ProductState = {
    ...state,
    ...fields,
    for_sale: forSaleAfter(state, input),
    stock_quantity: stock_quantity === undefined ? state.stock_quantity : stock_quantity,
    stock_change: isNewStock ? { kind: 'set', quantity: 0, reason: null, user_id: accountOf(ctx.actor) } : null,
  };
  if (JSON.stringify(next) === JSON.stringify(state)) return unchanged(state);
  const changed = { ...next, updated_at: ctx.now };
  return { next: changed, events: [announce(productEvents.updated, changed)] };
}

/**
 * The flag after an input. `in_stock: false` takes a product from sale only when it says something new: not when it is
 * what everybody reads already, nor beside a stock of 0, where it only means that none is left.
 */
function forSaleAfter(state: ProductState, { in_stock, stock_quantity }: UpdateProduct): boolean {
  if (in_stock === undefined) return state.for_sale;
  if (in_stock) return true;
  return publicProduct(state).in_stock && stock_quantity !== 0 ? false : state.for_sale;
}

/** Takes a product out of the catalogue; orders that have it keep it. A withdrawn one stays as it is. */
export function withdrawProduct(state: ProductState, ctx: Ctx): Change<ProductState> {
  if (state.withdrawn_at !== null) return unchanged(state);
  const next = { ...state, withdrawn_at: ctx.now, stock_change: null, updated_at: ctx.now };
  return { next, events: [announce(productEvents.withdrawn, next)] };
}

/** Puts a withdrawn product back into the catalogue, as it was; any other stays as it is. */
export function restoreProduct(state: ProductState, ctx: Ctx): Change<ProductState> {
  if (state.withdrawn_at === null) return unchanged(state);
  const next = { ...state, withdrawn_at: null, stock_change: null, updated_at: ctx.now };
  return { next, events: [announce(productEvents.updated, next)] };
}

function mustBePayable(currency: string | undefined, shop: ShopFacts): void {
  if (currency !== undefined && currency !== shop.currency) {
    throw productErrors.OTHER_CURRENCY({ currency, shop_currency: shop.currency });
  }
}

type ReadOnly = Pick<UpdateProduct, 'created_at' | 'updated_at' | 'withdrawn_at'>;

function mustBeAsRead(state: ProductState, given: ReadOnly): void {
  for (const name of ['created_at', 'updated_at', 'withdrawn_at'] as const) {
    const [sent, read] = [given[name], state[name]];
    if (sent === undefined || (read !== null && Date.parse(sent) === Date.parse(read))) continue;
    const is = read === null ? 'this product has none' : `it is ${read}`;
    const detail = `cannot be changed, and ${is}: leave it out, or send it as it was read`;
    throw invalid(`${name} ${detail}`, [{ pointer: `/${name}`, detail }]);
  }
}

function announce<T extends string>(
  type: (subject: number, data: Product) => EventOf<T>,
  state: ProductState,
): EventOf<T> {
  return type(state.product_id, publicProduct(state));
}

/** What the world sees: in stock means for sale, not withdrawn, and not sold out when the stock is tracked. */
export function publicProduct(state: ProductState): Product {
  const { for_sale, withdrawn_at, stock_change: _change, version: _version, ...open } = state;
  const left = state.stock_quantity === null || state.stock_quantity > 0;
  return {
    ...open,
    in_stock: for_sale && withdrawn_at === null && left,
    ...(withdrawn_at !== null && { withdrawn_at }),
  };
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
