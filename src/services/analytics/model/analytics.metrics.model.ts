import { Metric as Series } from '../analytics.contract.ts';

/**
 * The metrics, defined once as data. `analytics.measure.model.ts` evaluates the definitions, `postgres/` turns them into
 * SQL: the figures of both stores are made of the same lines.
 */

/** What an event counts for by itself, once, with its own amount. The sign is always plus: `refunds` is what went back. */
export const EVENT_METRICS = {
  'order.created': 'orders',
  'transaction.created': 'transactions',
  'payment.captured': 'payments',
  'payment.refunded': 'refunds',
  'user.registered': 'users',
} as const;
export type EventMetric = (typeof EVENT_METRICS)[keyof typeof EVENT_METRICS];

/** The type of what is kept like an event and is none: totals that were read where they are kept, and not announced. */
export const READ_TOTALS = 'receivable.read';

/** What has a state of its own. */
export type EntityKind = 'order' | 'invoice' | 'shipment' | 'transaction' | 'spender' | 'product';

/** The amounts that are kept of an entity. */
export type AmountField = 'net' | 'tax' | 'gross' | 'paid' | 'paid_total' | 'refunded_total' | 'credited_total';

/** An amount that follows from those that are kept. `share` is the part of the first that falls to the second of the third. */
export type Term =
  | AmountField
  | 0
  | readonly ['plus' | 'minus' | 'least' | 'greatest', Term, Term]
  | readonly ['share', Term, Term, Term]
  | readonly ['when', Predicate, Term, Term];

export type Predicate =
  | readonly ['kind', ...EntityKind[]]
  | readonly ['status', ...string[]]
  | readonly ['positive', Term]
  | readonly ['and', ...Predicate[]]
  | readonly ['not', Predicate];

/** What a state counts for as long as it lasts: `metric`, or one metric for each status of the kind. */
export interface StateMetric {
  readonly metric: string | 'by status';
  readonly when: Predicate;
  readonly amount: Term;
}

/** Refunds as credits lower what is owed; there are none beyond the total. */
export const CREDITED: Term = ['least', 'credited_total', 'gross'];

/** The tax in what was credited. */
export const CREDITED_TAX: Term = ['when', ['positive', 'credited_total'], ['share', CREDITED, 'tax', 'gross'], 0];

// What came in for the total: a correction takes of it, a credit lowers the total alike. What an invoice adds up itself
// is newer than the totals that it knows, which are those of its last refund.
const COVERED: Term = ['minus', ['plus', ['greatest', 'paid_total', 'paid'], 'credited_total'], 'refunded_total'];

/** What is still to be paid. */
export const OPEN: Term = ['greatest', ['minus', 'gross', COVERED], 0];

/** Only a correction makes something owed again; then what was settled is not. */
export const REOPENED: Predicate = [
  'and',
  ['positive', ['minus', 'refunded_total', 'credited_total']],
  ['positive', OPEN],
];

/** The status of what a correction has reopened, by the status that it had. */
export const REOPENED_STATUS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  order: { completed: 'confirmed' },
  invoice: { paid: 'sent' },
};

/** An order that counts for revenue. */
export const LIVING: Predicate = ['and', ['kind', 'order'], ['not', ['status', 'cancelled']]];

export const STATE_METRICS: readonly StateMetric[] = [
  { metric: 'by status', when: ['kind', 'order', 'invoice', 'transaction', 'shipment'], amount: 'gross' },
  { metric: 'revenue', when: LIVING, amount: ['minus', 'gross', CREDITED] },
  { metric: 'revenue:net', when: LIVING, amount: ['minus', 'net', ['minus', CREDITED, CREDITED_TAX]] },
  { metric: 'revenue:tax', when: LIVING, amount: ['minus', 'tax', CREDITED_TAX] },
  { metric: 'revenue:refunded', when: ['and', LIVING, ['positive', 'refunded_total']], amount: 'refunded_total' },
  { metric: 'revenue:credited', when: ['and', LIVING, ['positive', 'credited_total']], amount: CREDITED },
  {
    metric: 'revenue:paid',
    when: ['and', LIVING, ['positive', 'paid_total']],
    amount: ['minus', 'paid_total', 'refunded_total'],
  },
  { metric: 'paid', when: ['and', LIVING, ['not', ['positive', OPEN]]], amount: 'gross' },
  { metric: 'outstanding', when: ['and', ['kind', 'invoice'], ['status', 'sent']], amount: OPEN },
  { metric: 'spenders', when: ['kind', 'spender'], amount: 0 },
];

/** The metrics that are kept by hour too, because they can be followed over time; the others have their total alone. */
export const SERIES: readonly string[] = Series.enum;
