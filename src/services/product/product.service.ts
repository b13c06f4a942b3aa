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

/** How long units stay set aside for an order that has not appeared: far longer than any request lives. */
export const RESERVATION_MINUTES = 15;

/** What the catalogue does by itself. */
export interface ProductInternalActions {
  /** Before the first request: folds what an earlier version kept, and puts the samples into an empty catalogue. Returns what it put there. */
  prepare(ctx: Ctx): Promise<string | undefined>;
  /** Folds the text of products that an earlier version, which may still be running, has written. */
  fold(ctx: Ctx): Promise<unknown>;
}

type ProductParts = ServiceParts<ProductRepository, object, 'config' | 'log'>;

export function productService({ repository: products, tools: { config, log } }: ProductParts) {
  const shop = { currency: config.CURRENCY };
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
    reserve: (ctx, { order_id, items: lines, request }) =>
      products.reserve({ order_id, lines, until: reservationEnd(ctx.now), request, ...shop }),
    async renew(ctx, { order_id }) {
      await products.renew(order_id, reservationEnd(ctx.now));
      return {};
    },
    async release(_ctx, { order_id }) {
      await products.release(order_id);
      return {};
    },
    expired: async (ctx, { limit }) => ({ order_ids: await products.expired(ctx.now, limit) }),
    async keep(ctx, { order_ids }) {
      await products.keep(order_ids, ctx.now);
      return {};
    },
    async prepare(ctx) {
      const folded = await products.fold();
      if (folded > 0) log.info({ count: folded }, 'folded the text of products that an earlier version has kept');
      if (config.valuesOf(productSettings).SAMPLE_DATA === 'off') return undefined;
      const count = await putSamples(products, config.CURRENCY, ctx.now);
      return count > 0 ? `${count} sample products` : undefined;
    },
    fold: (_ctx) => products.fold(),
  } satisfies Actions<typeof productOps> & ProductInternalActions;
}

function reservationEnd(now: string): string {
  return new Date(Date.parse(now) + RESERVATION_MINUTES * 60_000).toISOString();
}
