import type { Actions } from '../../platform/app/actions.ts';
import type { ServiceParts } from '../../platform/app/module.ts';
import type { Ctx } from '../../platform/contract/contract.ts';
import { checkFigures, type Owners } from './analytics.check.ts';
import type { analyticsOps } from './analytics.contract.ts';
import { live } from './analytics.live.ts';
import type { AnalyticsRepository } from './analytics.repository.ts';
import type { BookOwners } from './books/analytics.books.comparison.ts';
import { type BookInternalActions, bookActions } from './books/analytics.books.ts';
import { exportOf } from './export/analytics.export.ts';
import {
  type EventHeader,
  type Fact,
  type TransactionMade,
  transactionCreated,
} from './model/analytics.facts.model.ts';
import { statsOf, type Total } from './model/analytics.model.ts';
import { bucketsOf, daysOf, filled } from './model/analytics.series.model.ts';

/** How the events of all services are counted. */
export interface AnalyticsInternalActions extends BookInternalActions {
  /** Resolves when it is counted. The log of the events knows one that comes again, so there is no inbox mark. */
  record(ctx: Ctx, fact: Fact): Promise<unknown>;
  /** The event names no currency: a transaction is in that of the shop. */
  recordTransaction(ctx: Ctx, arrival: EventHeader, made: TransactionMade): Promise<unknown>;
}

const LOOK_EVERY_MS = 500;

type AnalyticsParts = ServiceParts<AnalyticsRepository, Owners & BookOwners, 'config' | 'log'>;

export function analyticsService({ repository: figures, peers: owners, tools }: AnalyticsParts) {
  const shop = tools.config.CURRENCY;
  const feed = live<Total[]>({ load: figures.totals, everyMs: LOOK_EVERY_MS, log: tools.log });

  return {
    stats: async (_ctx, { currency = shop }) => statsOf(await figures.totals(), currency),
    async timeseries(ctx, { metric, interval = 'day', currency = shop, ...span }) {
      const buckets = bucketsOf(interval, span, ctx.now);
      const { from, to } = buckets;
      const query = { metric, interval, from, to, currency: metric === 'users' ? '' : currency };
      return filled(buckets, await figures.series(query));
    },
    async topProducts(ctx, { by = 'quantity', category, limit = 10, currency = shop, ...span }) {
      return figures.topProducts({ by, category, limit, currency, ...daysOf(span, ctx.now) });
    },
    async revenue(ctx, { currency = shop, ...span }) {
      const { from, to } = bucketsOf('day', span, ctx.now);
      return figures.revenueByCategory({ currency, from, to });
    },
    export: (ctx, wanted) => exportOf(ctx, figures, { currency: shop, ...wanted }),
    stream: async (_ctx, { currency = shop }) => mapped(feed.watch(), (totals) => statsOf(totals, currency)),
    check: (ctx) => checkFigures(ctx, figures, owners),
    ...bookActions({ owners, log: tools.log }),
    rebuild: () => figures.rebuild(),
    record: (_ctx, fact) => figures.record([fact]),
    recordTransaction: (_ctx, arrival, made) => figures.record([transactionCreated(arrival, made, shop)]),
  } satisfies Actions<typeof analyticsOps> & AnalyticsInternalActions;
}

function mapped<T, U>(values: AsyncIterable<T>, map: (value: T) => U): AsyncIterable<U> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = values[Symbol.asyncIterator]();
      return {
        async next() {
          const { done, value } = await iterator.next();
          return done ? { done, value: undefined } : { done: false, value: map(value) };
        },
        async return() {
          await iterator.return?.();
          return { done: true, value: undefined };
        },
      };
    },
  };
}
