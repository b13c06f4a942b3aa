import { type Static, Type } from 'typebox';
import { Amount, Currency, Id, OneOf } from '../../../platform/contract/contract.ts';

const count = (description?: string) => Type.Integer({ description });

/** What is compared with its owner. */
export const Compared = OneOf('orders', 'invoices', 'transactions', 'receivables');
export type Compared = Static<typeof Compared>;

const Side = Type.Union([
  Type.Object({
    status: Type.String(),
    currency: Type.String(),
    amount: Amount('the total; of a receivable, whose id is that of its order, what was credited'),
    paid: Type.Optional(Amount('what came in less what went back')),
  }),
  Type.Null(),
]);

/** So many ids are compared by one sum. */
export const SLICE = 20_000;

export const FigureDifference = Type.Object(
  {
    id: Id(),
    /** Null: the owner has none with this id. */
    owner: Side,
    /** Null: no event of it was counted. */
    counted: Side,
  },
  { title: 'FigureDifference' },
);
export type FigureDifference = Static<typeof FigureDifference>;

export const Comparison = Type.Object(
  {
    of: Compared,
    /** Changes of the last minute are on their way and no difference. */
    agrees: Type.Boolean(),
    compared: count('how many the owner has of the ids that were looked at'),
    differences: Type.Array(FigureDifference),
    on_their_way: count('changed within the last minute, and not the same here yet'),
    complete: Type.Boolean({ description: 'false: there are more differences than are named' }),
  },
  { title: 'Comparison' },
);
export type Comparison = Static<typeof Comparison>;

/** A currency in which the payments that were counted do not add up to what the ledger says. */
export const LedgerDifference = Type.Object(
  {
    currency: Currency(),
    ledger_paid: Amount(),
    counted_paid: Amount(),
    ledger_refunded: Amount(),
    counted_refunded: Amount(),
  },
  { title: 'LedgerDifference' },
);
export type LedgerDifference = Static<typeof LedgerDifference>;

export const FigureCheck = Type.Object(
  {
    agrees: Type.Boolean(),
    comparisons: Type.Array(Comparison),
    ledger: Type.Array(LedgerDifference),
  },
  { title: 'FiguresCheck' },
);
export type FigureCheck = Static<typeof FigureCheck>;
