import type { Actions } from '../../platform/app/actions.ts';
import type { ServiceParts } from '../../platform/app/module.ts';
import type { Change, Ctx, Page } from '../../platform/contract/contract.ts';
import { withId } from '../../platform/contract/ids.ts';
import { retryOnConflict } from '../../platform/contract/retry-on-conflict.ts';
import type { Product, productOps } from './product.contract.ts';
import {
  availabilityOf,
  createProduct,
  type ProductState,
  publicProduct,
  restoreProduct,
  updateProduct,
  withdrawProduct,
} from './product.model.ts';
import type { ProductRepository } from './product.repository.ts';
import { putSamples } from './product.samples.ts';
import { productSettings } from './product.settings.ts';
import { type StockInternalActions, stockActions } from './stock/product.stock.ts';
import { accountOf } from './stock/product.stock-change.model.ts';

/** How long units stay set aside for an order that has not appeared: far longer than any request lives. */
export const RESERVATION_MINUTES = 15;

/** What the catalogue does by itself. */
export interface ProductInternalActions extends StockInternalActions {
  /** Before the first request: folds what an earlier version kept, and puts the samples into an empty catalogue. Returns what it put there. */
  prepare(ctx: Ctx): Promise<string | undefined>;
  /** Folds the text, and books the stock, that an earlier version, which may still be running, has written. */
  fold(ctx: Ctx): Promise<unknown>;
}

type ProductParts = ServiceParts<ProductRepository, object, 'config' | 'log'>;

export function productService({ repository: products, tools: { config, log } }: ProductParts) {
  const shop = { currency: config.CURRENCY };
  const { SAMPLE_DATA, MAX_HELD_PER_CUSTOMER: mostHeld } = config.valuesOf(productSettings);
  const page = ({ items, next }: Page<ProductState>): Page<Product> => ({ items: items.map(publicProduct), next });

  // Another change may be faster: then it is decided again.
  const decide = (ctx: Ctx, product_id: number, rule: (state: ProductState, ctx: Ctx) => Change<ProductState>) =>
    retryOnConflict(async () => publicProduct(await products.save(ctx, rule(await products.get(product_id), ctx))));

  return {
    list: async (_ctx, { limit = 50, cursor, ...filter }) => page(await products.list(filter, { limit, cursor })),
    get: async (_ctx, { product_id }) => publicProduct(await products.get(product_id)),
    byCategory: async (_ctx, { name, limit = 50, cursor }) =>
      page(await products.list({ category: name }, { limit, cursor })),
    create: {
      execute(ctx, input) {
        const save = (product_id: number) => products.save(ctx, createProduct(input, { ...shop, product_id }, ctx));
        return withId(products.ids, save, ({ product_id }) => product_id);
      },
      respond: (_ctx, state: ProductState) => publicProduct(state),
    },
    async update(ctx, input) {
      const state = await products.get(input.product_id);
      return publicProduct(await products.save(ctx, updateProduct(state, input, shop, ctx)));
    },
    withdraw: (ctx, { product_id }) => decide(ctx, product_id, withdrawProduct),
    restore: (ctx, { product_id }) => decide(ctx, product_id, restoreProduct),
    async availability(_ctx, { items }) {
      const found = await products.find(items.map((item) => item.product_id));
      return availabilityOf(items, new Map([...found].map(([id, state]) => [id, publicProduct(state)])));
    },
    reserve(ctx, { order_id, items: lines, request, user_id = accountOf(ctx.actor) }) {
      const { now: at } = ctx;
      const limit = mostHeld > 0 && user_id !== null ? { user_id, most: mostHeld } : undefined;
      return products.reserve({ order_id, lines, until: reservationEnd(at), at, request, limit, ...shop });
    },
    async renew(ctx, { order_id }) {
      await products.renew(order_id, reservationEnd(ctx.now));
      return {};
    },
    async release(ctx, { order_id }) {
      await products.release(order_id, ctx.now);
      return {};
    },
    expired: async (ctx, { limit }) => ({ order_ids: await products.expired(ctx.now, limit) }),
    async keep(ctx, { order_ids }) {
      await products.keep(order_ids, ctx.now);
      return {};
    },
    async prepare(ctx) {
      if (mostHeld === 0) await products.forgetCustomers();
      await products.adopt(ctx.now);
      const folded = await products.fold();
      if (folded > 0) log.info({ count: folded }, 'folded the text of products that an earlier version has kept');
      if (SAMPLE_DATA === 'off') return undefined;
      const count = await putSamples(products, config.CURRENCY, ctx.now);
      return count > 0 ? `${count} sample products` : undefined;
    },
    async fold(ctx) {
      await products.adopt(ctx.now);
      await products.fold();
    },
    ...stockActions({ products, mostHeld }),
  } satisfies Actions<typeof productOps> & ProductInternalActions;
}

function reservationEnd(now: string): string {
  return new Date(Date.parse(now) + RESERVATION_MINUTES * 60_000).toISOString();
}
