import { type Static, Type } from 'typebox';
import { Amount, Currency, Id, op, Time } from './contract.ts';

/**
 * The figures of a service about its own entities, against which the projections of other services are checked. Sums
 * of a range of ids first; where two sums differ, halves of the range, and finally the rows.
 */
export const ReconciliationRange = Type.Object({
  from_id: Id(),
  /** Included. */
  to_id: Id(),
  /** Also the rows of the range, which may then have at most `ROWS_AT_ONCE` ids. */
  rows: Type.Optional(Type.Boolean()),
});
export type ReconciliationRange = Static<typeof ReconciliationRange>;

export const ROWS_AT_ONCE = 200;

/** The number and the total amount of one status in one currency. */
export const ReconciliationGroup = Type.Object({
  status: Type.String(),
  currency: Currency(),
  count: Type.Integer(),
  amount: Amount(),
  /** What came in for them less what went back; absent where nothing is paid, and from older versions. */
  paid: Type.Optional(Amount()),
});
export type ReconciliationGroup = Static<typeof ReconciliationGroup>;

/** One entity. A row with a recent `updated_at` may not have reached every projection yet. */
export const ReconciliationRow = Type.Object({
  id: Id(),
  status: Type.String(),
  currency: Currency(),
  amount: Amount(),
  paid: Type.Optional(Amount()),
  updated_at: Time(),
});
export type ReconciliationRow = Static<typeof ReconciliationRow>;

export const Reconciliation = Type.Object({
  /** The largest id of all, in the range or beyond it; 0 when there is none. */
  last_id: Type.Integer({ minimum: 0 }),
  groups: Type.Array(ReconciliationGroup),
  /** In the order of ids; absent unless requested. */
  rows: Type.Optional(Type.Array(ReconciliationRow)),
  /** The totals of a service that has a ledger, over all time: paid and refunded. Only with a range from 1 on. */
  ledger: Type.Optional(Type.Array(Type.Object({ currency: Currency(), paid: Amount(), refunded: Amount() }))),
});
export type Reconciliation = Static<typeof Reconciliation>;

/** The operation `figures` of a service: `figures: figuresOp('orders')` is `GET /internal/orders/figures`. */
export const reconciliationOp = (things: string) =>
  op(`GET /internal/${things}/figures`, {
    access: 'internal',
    summary: `How many ${things} there are in a range of ids, by status, and what they amount to`,
    input: ReconciliationRange,
    output: Reconciliation,
  });
