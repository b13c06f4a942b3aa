import { common } from '../../../platform/contract/errors.ts';
import type { Minor } from '../../../platform/contract/money.ts';
import { cursorId, pageOf } from '../../../platform/db/pages.ts';
import { reconciliationIn } from '../../../platform/db/postgres/store/reconciliation.ts';
import type { PostgresStore } from '../../../platform/db/postgres/store/store.ts';
import type { PostingKind, TrialBalanceLine } from '../ledger/payment.ledger.contract.ts';
import type { Ledger } from '../payment.repository.ts';
import { comparisonPostgres } from './payment.comparison.postgres.ts';

interface EntryRow {
  readonly entry_id: number;
  readonly kind: PostingKind;
  readonly transaction_id: number | null;
  readonly order_id: number | null;
  readonly invoice_id: number | null;
  readonly user_id: number;
  readonly currency: string;
  readonly debit: string;
  readonly credit: string;
  readonly amount: Minor;
  readonly reverses: number | null;
  readonly created_at: string;
}

/** The ledger in PostgreSQL, to look at. Balances are derived: no row is shared by all who pay. */
export function ledgerPostgres(store: PostgresStore): Ledger {
  const { schema, db } = store;
  const statement = (name: string, text: (schema: string) => string) => ({
    name: `${schema} ${name}`,
    text: text(schema),
  });
  const balances = statement('ledger accounts', balancesText);
  const entries = statement('ledger entries', entriesText);
  const trial = statement('trial balance', trialText);
  const totals = statement(
    'ledger totals',
    (of) => `select currency, coalesce(sum(amount) filter (where kind = 'payment'), 0)::bigint as paid,
        coalesce(sum(amount) filter (where kind in ('refund', 'correction')), 0)::bigint as refunded
      from ${of}.entries group by currency order by currency`,
  );
  const figures = reconciliationIn(store, {
    table: 'transactions t',
    key: 'transaction_id',
    status: `case when status in ('open', 'processing') then 'open' when status = 'voided' then status else 'paid' end`,
    amount: 'amount',
    paid: `case when status in ('open', 'processing', 'voided') then 0 else amount - refunded end`,
    // One that was changed by a version before has no time of its own, but an entry.
    updated: `greatest(created_at, updated_at, paid_at,
      (select max(e.created_at) from ${schema}.entries e where e.transaction_id = t.transaction_id))`,
  });
  return {
    async accounts(prefix, { limit, cursor }) {
      type Row = { account: string; currency: string; balance: Minor };
      const rows = await db.query<Row>(balances, [prefix ?? '', textAfter(cursor), limit + 1]);
      return pageOf(rows, limit, ({ account, currency }) => `${account} ${currency}`);
    },
    async entries({ transaction_id, order_id }, { limit, cursor }) {
      const before = cursorId(cursor) ?? Number.MAX_SAFE_INTEGER;
      const rows = await db.query<EntryRow>(entries, [transaction_id ?? null, before, limit + 1, order_id ?? null]);
      const { items, next } = pageOf(rows, limit, (row) => row.entry_id);
      return { items: items.map(withPostings), next };
    },
    async figures(range) {
      const [sums, ledger] = await Promise.all([
        figures(range),
        range.from_id === 1 ? db.query<{ currency: string; paid: Minor; refunded: Minor }>(totals) : undefined,
      ]);
      return { ...sums, ...(ledger && { ledger }) };
    },
    trialBalance: (at) => db.query<TrialBalanceLine>(trial, [at]),
    comparison: comparisonPostgres(store),
  };
}

function withPostings({ debit, credit, amount, ...row }: EntryRow) {
  const negative = -amount as Minor;
  return {
    ...row,
    postings: [
      { account: debit, amount },
      { account: credit, amount: negative },
    ],
  };
}

function textAfter(cursor: string | undefined): string {
  if (cursor === undefined) return '';
  const match = /^v1 ([\w./-]+ [A-Z]{3})$/.exec(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (!match?.[1]) throw common.BAD_CURSOR();
  return match[1];
}

const postings = (schema: string): string => `
  select debit as account, currency, amount from ${schema}.entries
  union all select credit, currency, -amount from ${schema}.entries`;

const balancesText = (schema: string): string => `
  select account, currency, sum(amount)::bigint as balance from (${postings(schema)}) p
  where starts_with(account, $1) and (account || ' ' || currency) collate "C" > $2
  group by account, currency order by (account || ' ' || currency) collate "C" limit $3`;

// A reversal names what it takes back: of a charge its charge, of a claim the newest one before it. A refund and a
// correction take back the payment. The entries of an order are those of its transactions and of its claim.
const entriesText = (schema: string): string => `
  select e.entry_id, e.kind, e.transaction_id, e.order_id, e.invoice_id, e.user_id, e.currency, e.debit, e.credit,
    e.amount, e.created_at, case
      when e.kind in ('void', 'reversal', 'refund', 'correction') and e.order_id is null then (
        select r.entry_id from ${schema}.entries r where r.transaction_id = e.transaction_id and r.entry_id < e.entry_id
          and case when e.kind in ('void', 'reversal') then r.debit = e.credit and r.credit = e.debit
            else r.kind = 'payment' end
        order by r.entry_id desc limit 1)
      when e.kind = 'reversal' then (
        select r.entry_id from ${schema}.entries r where r.order_id = e.order_id and r.entry_id < e.entry_id
          and r.kind = 'receivable' and r.debit = e.credit and r.credit = e.debit
        order by r.entry_id desc limit 1) end as reverses
  from ${schema}.entries e
  where ($1::bigint is null or e.transaction_id = $1) and e.entry_id < $2
    and ($4::bigint is null or e.order_id = $4 or e.transaction_id in (
      select t.transaction_id from ${schema}.bills b join ${schema}.transactions t using (user_id)
      where b.order_id = $4 and t.order_id = $4))
  order by e.entry_id desc limit $3`;

const trialText = (schema: string): string => `
  select account, currency, sum(debit)::bigint as debit, sum(credit)::bigint as credit,
    sum(debit - credit)::bigint as balance
  from (
    select debit as side, currency, amount as debit, 0 as credit from ${schema}.entries where created_at <= $1
    union all select credit, currency, 0, amount from ${schema}.entries where created_at <= $1) p,
    lateral (select case when side like 'receivable/%' then 'receivable' else side end as account) a
  group by account, currency order by currency, account collate "C"`;
