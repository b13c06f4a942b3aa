import { Gauge } from 'prom-client';
import { registry } from '../../../platform/observability/metrics.ts';
import { type BookDifference, BookPair } from './analytics.books.contract.ts';

const gauge = new Gauge({
  name: 'tradepost_book_differences',
  help: 'Differences between two books that stayed for a minute, by pair; GET /stats/books names them',
  labelNames: ['pair'],
  registers: [registry],
});

/** Exposes how many differences are open, by pair, from zero on. */
export function exposeBookDifferences(open: readonly Pick<BookDifference, 'pair'>[]): void {
  for (const pair of BookPair.enum) gauge.set({ pair }, open.filter((one) => one.pair === pair).length);
}
