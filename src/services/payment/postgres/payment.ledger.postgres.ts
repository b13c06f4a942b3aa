import { common } from '../../../platform/contract/errors.ts';
import type { Minor } from '../../../platform/contract/money.ts';
import { cursorId, pageOf } from '../../../platform/db/pages.ts';
import { reconciliationIn } from '../../../platform/db/postgres/store/reconciliation.ts';
import type { PostgresStore } from '../../../platform/db/postgres/store/store.ts';
import type { BalanceDifference, PostingKind } from '../ledger/payment.ledger.contract.ts';
import type { Ledger } from '../payment.repository.ts';

interface EntryRow {
  readonly entry_id: number;
  readonly kind: PostingKind;
  readonly transaction_id: number;
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
  const check = statement('ledger check', checkText);
  const totals = statement(
    'ledger totals',
    (of) => `select currency, coalesce(sum(amount) filter (where kind = 'payment'), 0)::bigint as paid,
        coalesce(sum(amount) filter (where kind = 'refund'), 0)::bigint as refunded
      from ${of}.entries group by currency order by currency`,
  );
  const figures = reconciliationIn(store, {
    table: 'transactions t',
    key: 'transaction_id',
    status: `case when status in ('open', 'processing') then 'open' when status = 'voided' then status else 'paid' end`,
    amount: 'amount',
    // Every change of a transaction's amounts has an entry.
    updated: `(select max(e.created_at) from ${schema}.entries e where e.transaction_id = t.transaction_id)`,
  });
  return {
    async accounts(prefix, { limit, cursor }) {
      type Row = { account: string; currency: string; balance: Minor };
      const rows = await db.query<Row>(balances, [prefix ?? '', textAfter(cursor), limit + 1]);
      return pageOf(rows, limit, ({ account, currency }) => `${account} ${currency}`);
    },
    async entries({ transaction_id }, { limit, cursor }) {
      const before = cursorId(cursor) ?? Number.MAX_SAFE_INTEGER;
      const rows = await db.query<EntryRow>(entries, [transaction_id ?? null, before, limit + 1]);
      const { items, next } = pageOf(rows, limit, (row) => row.entry_id);
      return { items: items.map(withPostings), next };
    },
    async figures(range) {
      const [sums, ledger] = await Promise.all([
        figures(range),
        db.query<{ currency: string; paid: Minor; refunded: Minor }>(totals),
      ]);
      return { ...sums, ledger };
    },
    async check() {
      const [found] = await db.query<{ sum: Minor; entries: number; differences: BalanceDifference[] }>(check);
      if (!found) throw new Error('the check of the ledger returned no row');
      return found;
    },
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
  const match = /^v1 ([\w/-]+ [A-Z]{3})$/.exec(Buffer.from(cursor, 'base64url').toString('utf8'));
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

// A void reverses the charge ('claim'), a refund the payment.
const entriesText = (schema: string): string => `
  select e.entry_id, e.kind, e.transaction_id, e.user_id, e.currency, e.debit, e.credit, e.amount, e.created_at,
    r.entry_id as reverses
  from ${schema}.entries e
  left join ${schema}.entries r on r.transaction_id = e.transaction_id
    and (e.kind, r.kind) in (('void', 'claim'), ('refund', 'payment'))
  where ($1::bigint is null or e.transaction_id = $1) and e.entry_id < $2
  order by e.entry_id desc limit $3`;

const DIFFERENCES_SHOWN = 100;

const checkText = (schema: string): string => `with
  posted as (
    select transaction_id, ${['claim', 'payment', 'refund', 'void']
      .map((kind) => `coalesce(sum(amount) filter (where kind = '${kind}'), 0) as ${kind}s`)
      .join(', ')}
    from ${schema}.entries group by transaction_id),
  known as (
    select *, status = 'voided' as is_void, status in ('paid', 'partially_refunded', 'refunded') as is_paid
    from ${schema}.transactions),
  of_bills as (
    select order_id, sum(amount) filter (where not is_void) as claimed, sum(amount) filter (where is_paid) as paid,
      sum(refunded) as refunded
    from known where order_id is not null group by order_id),
  of_wallets as (
    select user_id, sum(amount - refunded) filter (where not is_void) as unbilled
    from known where order_id is null group by user_id),
  compared as (
    select 'transaction/' || coalesce(t.transaction_id, p.transaction_id) || v.what as what, v.kept, v.ledger
    from known t full join posted p using (transaction_id), lateral (values
      (' claimed', t.amount, p.claims),
      (' paid', case when is_paid then t.amount else 0 end, p.payments),
      (' refunded', t.refunded, p.refunds),
      (' voided', case when is_void then t.amount else 0 end, p.voids)) v (what, kept, ledger)
    union all
    select 'order/' || coalesce(b.order_id, o.order_id) || v.what, v.kept, v.ledger
    from ${schema}.bills b full join of_bills o using (order_id), lateral (values
      (' claimed', b.claimed, o.claimed), (' paid', b.paid, o.paid), (' refunded', b.refunded, o.refunded)
    ) v (what, kept, ledger)
    union all
    select 'wallet/' || coalesce(w.user_id, o.user_id), w.unbilled, o.unbilled
    from ${schema}.wallets w full join of_wallets o using (user_id)),
  different as (
    select what, coalesce(kept, 0)::bigint as kept, coalesce(ledger, 0)::bigint as ledger from compared
    where coalesce(kept, 0) <> coalesce(ledger, 0) order by what limit ${DIFFERENCES_SHOWN})
  select (select coalesce(sum(amount), 0)::bigint from (${postings(schema)}) p) as sum,
    (select count(*) from ${schema}.entries) as entries,
    coalesce((select json_agg(d) from different d), '[]') as differences`;
