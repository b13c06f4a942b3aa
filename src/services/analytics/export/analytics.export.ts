import type { Ctx, InputOf } from '../../../platform/contract/contract.ts';
import { shopDay } from '../../../platform/contract/shop-time.ts';
import { type analyticsOps, MEDIA_TYPES, Metric } from '../analytics.contract.ts';
import type { AnalyticsRepository } from '../analytics.repository.ts';
import { csvOf, productsSheet, revenueSheet, type Sheet, seriesSheet } from '../model/analytics.export.model.ts';
import { type Buckets, bucketsOf, daysOf, filled } from '../model/analytics.series.model.ts';
import { parquetOf } from './analytics.parquet.ts';

type Wanted = InputOf<(typeof analyticsOps)['export']> & {
  readonly currency: string;
  /** Of the days and hours of the figures. */
  readonly zone: string;
};

interface Span {
  readonly from: string;
  readonly to: string;
}

/** Figures as a file, named by what it holds and from which day to which. */
export async function exportOf(ctx: Ctx, figures: AnalyticsRepository, wanted: Wanted) {
  const { what, format = 'csv', zone } = wanted;
  const { sheet, from, to } = await SHEETS[what](ctx, figures, wanted);
  const bytes = format === 'csv' ? Buffer.from(csvOf(sheet)) : await parquetOf(sheet);
  // The day after the last one is where it ends, so the moment before is the last day.
  const days = [shopDay(from, zone), shopDay(Date.parse(to) - 1, zone)];
  const filename = `${what}-${days.join('-')}.${format}`;
  return { filename, type: MEDIA_TYPES[format], content: bytes.toString('base64') };
}

type Drawn = Span & { readonly sheet: Sheet };

const SHEETS: Readonly<
  Record<Wanted['what'], (ctx: Ctx, figures: AnalyticsRepository, wanted: Wanted) => Promise<Drawn>>
> = {
  async timeseries(ctx, figures, { metric, interval = 'day', currency, zone, ...span }) {
    const buckets = bucketsOf(interval, span, ctx.now, zone);
    const metrics = metric === undefined ? METRICS : [metric];
    const series = metrics.map(async (one) => {
      const of = { metric: one, currency: one === 'users' ? '' : currency };
      return { ...of, points: filled(buckets, await figures.series({ ...of, ...buckets })) };
    });
    return { ...spanOf(buckets), sheet: seriesSheet(await Promise.all(series)) };
  },
  async 'top-products'(ctx, figures, { by = 'quantity', category, limit = 1_000, currency, zone, ...given }) {
    const span = daysOf(given, ctx.now, zone);
    const products = await figures.topProducts({ by, category, limit, currency, ...span });
    return { ...span, sheet: productsSheet(products, currency) };
  },
  async revenue(ctx, figures, { currency, zone, ...given }) {
    const buckets = bucketsOf('day', given, ctx.now, zone);
    const days = await figures.revenueByCategory({ currency, zone, ...buckets });
    return { ...spanOf(buckets), sheet: revenueSheet(days, currency) };
  },
};

const METRICS = Metric.enum;

const spanOf = ({ starts, to }: Buckets): Span => ({ from: starts[0] ?? to, to });
