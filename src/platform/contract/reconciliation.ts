import { type Static, Type } from 'typebox';
import { Amount, Currency, Id, op, Time } from './contract.ts';

/**
 * What the owner of something says of all it has, so that another who counts along can be checked against it. Sums of
 * a range of ids first; where two sums differ, halves of the range, and in the end the rows.
 */
export const ReconciliationRange = Type.Object({
  from_id: Id(),
  /** Included. */
  to_id: Id(),
  /** The rows of the range too. The range is then no longer than `ROWS_AT_ONCE`. */
  rows: Type.Optional(Type.Boolean()),
});
export type ReconciliationRange = Static<typeof ReconciliationRange>;

export const ROWS_AT_ONCE = 200;

/** How many there are of one status in one currency, and what they amount to. */
export const ReconciliationGroup = Type.Object({
  status: Type.String(),
  currency: Currency(),
  count: Type.Integer(),
  amount: Amount(),
});
export type ReconciliationGroup = Static<typeof ReconciliationGroup>;

/** One of them. `updated_at` tells what only just changed, and may not be known everywhere yet. */
export const ReconciliationRow = Type.Object({
  id: Id(),
  status: Type.String(),
  currency: Currency(),
  amount: Amount(),
  updated_at: Time(),
});
export type ReconciliationRow = Static<typeof ReconciliationRow>;

export const Reconciliation = Type.Object({
  /** The largest id there is, in the range or beyond it; 0 when there is none. */
  last_id: Type.Integer({ minimum: 0 }),
  groups: Type.Array(ReconciliationGroup),
  /** In the order of their ids; absent when not asked for. */
  rows: Type.Optional(Type.Array(ReconciliationRow)),
  /** What the ledger of one who keeps one says of all time: what came in, and what went back. */
  ledger: Type.Optional(Type.Array(Type.Object({ currency: Currency(), paid: Amount(), refunded: Amount() }))),
});
export type Reconciliation = Static<typeof Reconciliation>;

/** The operation `figures` of an owner: `figures: figuresOp('orders')` is `GET /internal/orders/figures`. */
export const reconciliationOp = (things: string) =>
  op(`GET /internal/${things}/figures`, {
    access: 'internal',
    summary: `How many ${things} there are in a range of ids, by status, and what they amount to`,
    input: ReconciliationRange,
    output: Reconciliation,
  });
