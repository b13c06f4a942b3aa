import type { Compared } from '../check/analytics.check.contract.ts';
import type { EntityKind, Term } from './analytics.metrics.model.ts';

/** What is compared with an owner: which entities, and what of them. */
interface ComparedEntities {
  readonly kind: EntityKind;
  /** The same for all of them; their own unless it is given. */
  readonly status?: string;
  readonly amount: Term;
  readonly paid?: Term;
  /** Only those of which this is more than 0. */
  readonly counts?: Term;
}

export const COMPARED: Readonly<Record<Compared, ComparedEntities>> = {
  orders: { kind: 'order', amount: 'gross' },
  invoices: { kind: 'invoice', amount: 'gross' },
  transactions: { kind: 'transaction', amount: 'gross', paid: 'paid' },
  receivables: {
    kind: 'order',
    status: 'paid',
    amount: 'credited_total',
    paid: ['minus', 'paid_total', 'refunded_total'],
    counts: 'paid_total',
  },
};
