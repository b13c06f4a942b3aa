import type { AnalyticsRepository } from './analytics.repository.ts';
import { statsOf } from './model/analytics.model.ts';
import { bucketsOf, daysOf } from './model/analytics.series.model.ts';

/** Everything that can be read, for a comparison of two ways to it. */
export async function everythingOf(figures: AnalyticsRepository): Promise<object> {
  const zone = await figures.zone();
  const top = { by: 'quantity' as const, currency: 'USD', category: undefined, limit: 100 };
  const month = { from: '2026-11-01', to: '2026-12-01' };
  const bucketsIn = (interval: 'hour' | 'day') => bucketsOf(interval, month, month.to, zone);
  const metrics = ['orders', 'revenue', 'transactions', 'payments', 'refunds'] as const;
  const query = { currency: 'USD', ...bucketsIn('hour') };
  const whole = { from_id: 1, to_id: 1_000, rows: true };
  return {
    stats: statsOf(await figures.totals(), 'USD'),
    series: await Promise.all(metrics.map((metric) => figures.series({ metric, ...query }))),
    users: await figures.series({ metric: 'users', ...query, currency: '' }),
    top: await figures.topProducts({ ...top, ...daysOf(month, month.to, zone) }),
    revenue: await figures.revenueByCategory({ currency: 'USD', zone, ...bucketsIn('day') }),
    figures: await Promise.all(
      (['orders', 'invoices', 'transactions'] as const).map((of) => figures.figures(of, whole)),
    ),
  };
}
