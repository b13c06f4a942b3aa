import type { AnalyticsRepository } from './analytics.repository.ts';
import { statsOf } from './model/analytics.model.ts';

/** Everything that can be read, for a comparison of two ways to it. */
export async function everythingOf(figures: AnalyticsRepository): Promise<object> {
  const top = { by: 'quantity' as const, currency: 'USD', category: undefined, limit: 100 };
  const month = { from: '2026-11-01T00:00:00.000Z', to: '2026-12-01T00:00:00.000Z' };
  const metrics = ['orders', 'revenue', 'transactions', 'payments', 'refunds'] as const;
  const query = { interval: 'hour' as const, currency: 'USD', ...month };
  const whole = { from_id: 1, to_id: 1_000, rows: true };
  return {
    stats: statsOf(await figures.totals(), 'USD'),
    series: await Promise.all(metrics.map((metric) => figures.series({ metric, ...query }))),
    users: await figures.series({ metric: 'users', ...query, currency: '' }),
    top: await figures.topProducts({ ...top, ...month }),
    revenue: await figures.revenueByCategory({ currency: 'USD', ...month }),
    figures: await Promise.all(
      (['orders', 'invoices', 'transactions'] as const).map((of) => figures.figures(of, whole)),
    ),
  };
}
