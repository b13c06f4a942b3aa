import type { Actions } from '../../platform/app/actions.ts';
import type { ServiceParts } from '../../platform/app/module.ts';
import type { Ctx } from '../../platform/contract/contract.ts';
import type { analyticsOps } from './analytics.contract.ts';
import { live } from './analytics.live.ts';
import type { AnalyticsRepository } from './analytics.repository.ts';
import type { BookOwners } from './books/analytics.books.comparison.ts';
import { type BookInternalActions, bookActions } from './books/analytics.books.ts';
import { checkFigures, type Owners } from './check/analytics.check.ts';
import { figuresWatch } from './check/analytics.watch.ts';
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
  /** What the job does: compares some of the figures with their owners, and mends what it can. */
  watch(ctx: Ctx): Promise<unknown>;
  /** The event names no currency: a transaction is in that of the shop. */
  recordTransaction(ctx: Ctx, arrival: EventHeader, made: TransactionMade): Promise<unknown>;
}

const LOOK_EVERY_MS = 500;

type AnalyticsParts = ServiceParts<AnalyticsRepository, Owners & BookOwners, 'config' | 'log'>;

export function analyticsService({ repository: figures, peers: owners, tools }: AnalyticsParts) {
  const shop = tools.config.CURRENCY;
  const load = async () => ({ totals: await figures.totals(), time_zone: await figures.zone() });
  const feed = live<{ totals: Total[]; time_zone: string }>({ load, everyMs: LOOK_EVERY_MS, log: tools.log });

  const watch = figuresWatch({ figures, owners, log: tools.log, zone: tools.config.SHOP_TIME_ZONE });

  return {
    stats: async (_ctx, { currency = shop }) => ({
      ...statsOf(await figures.totals(), currency),
      time_zone: await figures.zone(),
    }),
    timeseries: (ctx, { metric, interval = 'day', currency = shop, ...span }) =>
      inZone(figures, async (zone) => {
        const buckets = bucketsOf(interval, span, ctx.now, zone);
        const query = { metric, currency: metric === 'users' ? '' : currency, ...buckets };
        return filled(buckets, await figures.series(query));
      }),
    topProducts: (ctx, { by = 'quantity', category, limit = 10, currency = shop, ...span }) =>
      inZone(figures, (zone) => figures.topProducts({ by, category, limit, currency, ...daysOf(span, ctx.now, zone) })),
    revenue: (ctx, { currency = shop, ...span }) =>
      inZone(figures, (zone) =>
        figures.revenueByCategory({ currency, zone, ...bucketsOf('day', span, ctx.now, zone) }),
      ),
    export: (ctx, wanted) => inZone(figures, (zone) => exportOf(ctx, figures, { currency: shop, zone, ...wanted })),
    stream: async (_ctx, { currency = shop }) =>
      mapped(feed.watch(), ({ totals, time_zone }) => ({ ...statsOf(totals, currency), time_zone })),
    ...bookActions({ owners, log: tools.log }),
    check: (ctx, { recent }) => (recent ? watch.recent(ctx) : checkFigures(ctx, figures, owners)),
    watch: watch.run,
    rebuild: () => figures.rebuild(),
    record: (_ctx, fact) => figures.record([fact]),
    recordTransaction: (_ctx, arrival, made) => figures.record([transactionCreated(arrival, made, shop)]),
  } satisfies Actions<typeof analyticsOps> & AnalyticsInternalActions;
}

/** Reads what belongs to days and hours; once more when their zone was changed meanwhile. */
async function inZone<T>(figures: AnalyticsRepository, read: (zone: string) => Promise<T>): Promise<T> {
  for (let zone = await figures.zone(); ; ) {
    const found = await read(zone);
    const now = await figures.zone();
    if (now === zone) return found;
    zone = now;
  }
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
