import type { Reconciliation, ReconciliationRange } from '../../platform/contract/reconciliation.ts';
import type { CategoryRevenue, Compared, Interval, Metric, Point, Rebuilt, TopProduct } from './analytics.contract.ts';
import type { Fact } from './model/analytics.facts.model.ts';
import type { Total } from './model/analytics.model.ts';

/** One metric in one currency ('' for what has none), `from` included and `to` not; both begin a bucket. */
export interface SeriesQuery {
  readonly metric: Metric;
  readonly currency: string;
  readonly interval: Interval;
  readonly from: string;
  readonly to: string;
}

/** Whole days, `from` included and `to` not. */
export interface DaysQuery {
  readonly currency: string;
  readonly from: string;
  readonly to: string;
}

export interface TopQuery extends DaysQuery {
  readonly by: 'quantity' | 'revenue';
  readonly category: string | undefined;
  readonly limit: number;
}

/**
 * How events are counted. Every figure is a function of the set of the events alone: an event counts once, whoever
 * brings it how often, and the order in which they come makes no difference.
 */
export interface AnalyticsRepository {
  /** Resolves when they are counted, with the number of those that had not been counted before. */
  record(facts: readonly Fact[]): Promise<number>;
  totals(): Promise<Total[]>;
  /** The buckets that have something in them, earliest first. */
  series(query: SeriesQuery): Promise<Point[]>;
  topProducts(query: TopQuery): Promise<TopProduct[]>;
  /** By the categories that the products have now; the days and, in each, the categories in their order, null last. */
  revenueByCategory(query: DaysQuery): Promise<CategoryRevenue[]>;
  /** What is known of the things of a range of ids, as their owner would tell it. */
  figures(of: Compared, range: ReconciliationRange): Promise<Reconciliation>;
  /**
   * Makes every figure anew from the events. Reading goes on meanwhile, and recording waits, for all of it or for a
   * part. Throws ANALYTICS_REBUILDING.
   */
  rebuild(): Promise<Rebuilt>;
}
