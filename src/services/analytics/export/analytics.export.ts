import type { Ctx, InputOf } from '../../../platform/contract/contract.ts';
import { type analyticsOps, MEDIA_TYPES, Metric } from '../analytics.contract.ts';
import type { AnalyticsRepository } from '../analytics.repository.ts';
import { csvOf, productsSheet, revenueSheet, type Sheet, seriesSheet } from '../model/analytics.export.model.ts';
import { type Buckets, bucketsOf, daysOf, filled } from '../model/analytics.series.model.ts';
import { parquetOf } from './analytics.parquet.ts';

type Wanted = InputOf<(typeof analyticsOps)['export']> & { readonly currency: string };

interface Span {
  readonly from: string;
  readonly to: string;
}

/** Figures as a file, named by what it holds and from when to when. */
export async function exportOf(ctx: Ctx, figures: AnalyticsRepository, wanted: Wanted) {
  const { what, format = 'csv' } = wanted;
  const { sheet, from, to } = await SHEETS[what](ctx, figures, wanted);
  const bytes = format === 'csv' ? Buffer.from(csvOf(sheet)) : await parquetOf(sheet);
  // The day after the last one is where it ends, so the moment before is the last day.
  const last = new Date(Date.parse(to) - 1).toISOString();
  const filename = `${what}-${from.slice(0, 10)}-${last.slice(0, 10)}.${format}`;
  return { filename, type: MEDIA_TYPES[format], content: bytes.toString('base64') };
}

type Drawn = Span & { readonly sheet: Sheet };

const SHEETS: Readonly<
  Record<Wanted['what'], (ctx: Ctx, figures: AnalyticsRepository, wanted: Wanted) => Promise<Drawn>>
> = {
  async timeseries(ctx, figures, { metric, interval = 'day', currency, ...span }) {
    const buckets = bucketsOf(interval, span, ctx.now);
    const metrics = metric === undefined ? METRICS : [metric];
    const series = metrics.map(async (one) => ({
      metric: one,
      ...(await points(figures, buckets, { metric: one, interval, currency: one === 'users' ? '' : currency })),
    }));
    return { ...spanOf(buckets), sheet: seriesSheet(await Promise.all(series)) };
  },
  async 'top-products'(ctx, figures, { by = 'quantity', category, limit = 1_000, currency, ...given }) {
    const span = daysOf(given, ctx.now);
    const products = await figures.topProducts({ by, category, limit, currency, ...span });
    return { ...span, sheet: productsSheet(products, currency) };
  },
  async revenue(ctx, figures, { currency, ...given }) {
    const span = spanOf(bucketsOf('day', given, ctx.now));
    return { ...span, sheet: revenueSheet(await figures.revenueByCategory({ currency, ...span }), currency) };
  },
};

const METRICS = Metric.enum;

const spanOf = ({ from, to }: Span): Span => ({ from, to });

type SeriesOf = Pick<Parameters<AnalyticsRepository['series']>[0], 'metric' | 'interval' | 'currency'>;

async function points(figures: AnalyticsRepository, buckets: Buckets, of: SeriesOf) {
  const found = await figures.series({ ...of, ...spanOf(buckets) });
  return { currency: of.currency, points: filled(buckets, found) };
}
