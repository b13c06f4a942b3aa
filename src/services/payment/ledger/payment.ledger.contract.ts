import { type Static, Type } from 'typebox';
import { Amount, Currency, Id, Nothing, op, PageOf, paging, Time } from '../../../platform/contract/contract.ts';

/** The same addresses as a client of the gateway may write them. */
export const prefixed = (...paths: string[]): string[] => paths.map((path) => `/payment${path}`);

const Posting = Type.Object(
  { account: Type.String(), amount: Amount('debits are positive, credits negative') },
  { title: 'Posting' },
);
export const LedgerEntry = Type.Object(
  {
    entry_id: Id(),
    kind: Type.Unsafe<PostingKind>({ type: 'string', enum: ['claim', 'payment', 'refund', 'void'] }),
    transaction_id: Id(),
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
export type PostingKind = 'claim' | 'payment' | 'refund' | 'void';

const Balance = Type.Object(
  { account: Type.String(), currency: Currency(), balance: Amount() },
  { title: 'AccountBalance' },
);

/** A figure that is not what the ledger says. */
export const BalanceDifference = Type.Object(
  {
    what: Type.String({ description: 'such as transaction/17 paid' }),
    kept: Amount(),
    ledger: Amount(),
  },
  { title: 'LedgerMismatch' },
);
export type BalanceDifference = Static<typeof BalanceDifference>;

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
    input: Type.Object({ transaction_id: Type.Optional(Id()), ...paging }),
    output: PageOf(LedgerEntry),
  }),
  check: op('GET /ledger/check', {
    access: 'staff',
    summary: 'Whether the ledger sums to zero and says the same as the transactions; names what differs',
    aliases: prefixed('/ledger/check'),
    input: Nothing(),
    output: Type.Object({
      ok: Type.Boolean(),
      sum: Amount(),
      entries: Type.Integer(),
      differences: Type.Array(BalanceDifference),
    }),
  }),
};
