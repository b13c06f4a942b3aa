import { type Static, Type } from 'typebox';
import {
  Amount,
  Currency,
  Download,
  Id,
  Nothing,
  op,
  PageOf,
  paging,
  Time,
} from '../../../platform/contract/contract.ts';

/** The same addresses as a client of the gateway may write them. */
export const prefixed = (...paths: string[]): string[] => paths.map((path) => `/payment${path}`);

/**
 * `receivable`: an invoice was opened. `charge`: an amount without an invoice was made due. `payment`, `refund` (a credit)
 * and `correction` move money; `reversal` takes back what was not paid. Of versions before: `claim` for charges, `void`.
 */
const POSTING_KINDS = ['receivable', 'charge', 'claim', 'payment', 'refund', 'correction', 'reversal', 'void'] as const;
export type PostingKind = (typeof POSTING_KINDS)[number];
const IdOrNull = (description?: string) => Type.Unsafe<number | null>({ type: ['integer', 'null'], description });

const Posting = Type.Object(
  { account: Type.String(), amount: Amount('debits are positive, credits negative') },
  { title: 'Posting' },
);
export const LedgerEntry = Type.Object(
  {
    entry_id: Id(),
    kind: Type.Unsafe<PostingKind>({ type: 'string', enum: [...POSTING_KINDS] }),
    transaction_id: IdOrNull('null for the claim of an invoice'),
    order_id: IdOrNull('of the claim of an invoice, and of its reversal'),
    invoice_id: IdOrNull(),
    user_id: Id(),
    currency: Currency(),
    postings: Type.Array(Posting, { description: 'their amounts sum to zero' }),
    reverses: Type.Unsafe<number | null>({
      type: ['integer', 'null'],
      description: 'the entry that this one takes back, in whole or in part',
    }),
    created_at: Time(),
  },
  { title: 'LedgerEntry' },
);
export type LedgerEntry = Static<typeof LedgerEntry>;

const Balance = Type.Object(
  { account: Type.String(), currency: Currency(), balance: Amount() },
  { title: 'AccountBalance' },
);

/** A figure that is not what the ledger says. */
export const BalanceDifference = Type.Object(
  {
    what: Type.String({ description: 'such as transaction/17 paid, or order/4 receivable' }),
    kept: Amount(),
    ledger: Amount(),
    since: Time(),
  },
  { title: 'LedgerMismatch' },
);
export type BalanceDifference = Static<typeof BalanceDifference>;

const sides = { debit: Amount(), credit: Amount(), balance: Amount('debit less credit') };
export const TrialBalanceLine = Type.Object(
  { account: Type.String(), currency: Currency(), ...sides },
  { title: 'TrialBalanceLine' },
);
export type TrialBalanceLine = Static<typeof TrialBalanceLine>;
const at = { at: Type.Optional(Time()) };

/** What the staff may look at of the ledger. */
export const ledgerOps = {
  accounts: op('GET /ledger/accounts', {
    access: 'staff',
    summary: 'Every account of the ledger with its balance, derived from the entries',
    aliases: prefixed('/ledger/accounts'),
    input: Type.Object({ prefix: Type.Optional(Type.String({ maxLength: 64 })), ...paging }),
    output: PageOf(Balance),
  }),
  entries: op('GET /ledger/entries', {
    access: 'staff',
    summary: 'The entries of the ledger, newest first',
    aliases: prefixed('/ledger/entries'),
    input: Type.Object({ transaction_id: Type.Optional(Id()), order_id: Type.Optional(Id()), ...paging }),
    output: PageOf(LedgerEntry),
  }),
  trialBalance: op('GET /ledger/trial-balance', {
    access: 'staff',
    summary: 'Debit, credit and balance of every account at a moment; of each currency the balances sum to zero',
    aliases: prefixed('/ledger/trial-balance'),
    input: Type.Object(at),
    output: Type.Object(
      {
        ...{ at: Time() },
        accounts: Type.Array(TrialBalanceLine, { description: 'what users owe is one account, receivable' }),
        totals: Type.Array(Type.Object({ currency: Currency(), ...sides }, { title: 'TrialBalanceTotal' })),
      },
      { title: 'TrialBalance' },
    ),
  }),
  trialBalanceFile: op('GET /ledger/trial-balance.csv', {
    access: 'staff',
    summary: 'The trial balance as CSV',
    aliases: prefixed('/ledger/trial-balance.csv'),
    input: Type.Object(at),
    output: Download('text/csv'),
  }),
  check: op('GET /ledger/check', {
    access: 'staff',
    summary: 'Whether the ledger says the same as the transactions, the receivables and the limits; names what differs',
    aliases: prefixed('/ledger/check'),
    input: Nothing(),
    output: Type.Object({
      ok: Type.Boolean(),
      sum: Amount('of all entries: each is one debit and one credit of the same amount'),
      entries: Type.Integer({ description: 'the number of the newest entry' }),
      all_compared_at: Time(),
      differences: Type.Array(BalanceDifference),
    }),
  }),
};
