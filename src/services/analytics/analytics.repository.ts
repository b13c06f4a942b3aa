import type { Reconciliation, ReconciliationRange } from '../../platform/contract/reconciliation.ts';
import type { CategoryRevenue, Metric, Point, Rebuilt, TopProduct } from './analytics.contract.ts';
import type { Compared } from './check/analytics.check.contract.ts';
import type { Fact } from './model/analytics.facts.model.ts';
import type { Total } from './model/analytics.model.ts';

/** One metric in one currency ('' for what has none), in the buckets that begin at `starts`; the last ends at `to`. */
export interface SeriesQuery {
  readonly metric: Metric;
  readonly currency: string;
  readonly starts: readonly string[];
  readonly to: string;
}

/** The days that begin at `starts` in a time zone; the last ends at `to`. */
export interface DaysQuery {
  readonly currency: string;
  readonly zone: string;
  readonly starts: readonly string[];
  readonly to: string;
}

/** Whole days, from the beginning of the first to the end of the last. */
export interface TopQuery {
  readonly currency: string;
  readonly from: string;
  readonly to: string;
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
  /**
   * The time zone whose hours and days the figures are kept by: that of the setting when they were begun, or made anew
   * the last time. Throws ANALYTICS_REBUILDING while it is being changed.
   */
  zone(): Promise<string>;
  /** The buckets that have something in them, earliest first. */
  series(query: SeriesQuery): Promise<Point[]>;
  topProducts(query: TopQuery): Promise<TopProduct[]>;
  /** By the categories that the products have now; the days and, in each, the categories in their order, null last. */
  revenueByCategory(query: DaysQuery): Promise<CategoryRevenue[]>;
  /** What is known of the things of a range of ids, as their owner would tell it. */
  figures(of: Compared, range: ReconciliationRange): Promise<Reconciliation>;
  /**
   * Makes every figure anew from the events, by the hours and days of the zone of the setting. Reading goes on
   * meanwhile, and recording waits, for all of it or for a part. Throws ANALYTICS_REBUILDING.
   */
  rebuild(): Promise<Rebuilt>;
}
