import type { Minor } from '../../../platform/contract/money.ts';
import type { PostgresStore } from '../../../platform/db/postgres/store/store.ts';
import type { ComparedKind, FoundDifference, LedgerComparison } from '../payment.repository.ts';

/** How many are compared by one statement. */
const PAGE = 1_000;

interface ChangedRow {
  readonly entry_id: number;
  readonly transaction_id: number | null;
  readonly order_id: number | null;
  readonly user_id: number | null;
  readonly settled: boolean;
}

/** Compares what is kept with the ledger, each statement in one snapshot. */
export function comparisonPostgres({ schema, db }: PostgresStore): LedgerComparison {
  const statement = (name: string, text: string) => ({ name: `${schema} ledger ${name}`, text });
  const last = statement(
    'last entry',
    `select coalesce(max(entry_id), 0) as entry_id, coalesce((
      select entry_id from ${schema}.entries where created_at < $1 order by entry_id desc limit 1), 0) as settled
    from ${schema}.entries`,
  );
  const changed = statement('changes', changedText(schema));
  const pages = mapped((kind) => statement(`page of ${kind}`, pageTexts(schema)[kind]));
  const comparisons = mapped((kind) => statement(`compare ${kind}`, comparisonTexts[kind](schema)));
  return {
    async lastEntry(before) {
      const [row] = await db.query<{ entry_id: number; settled: number }>(last, [before]);
      return row ?? { entry_id: 0, settled: 0 };
    },
    async changedAfter(entry_id, before) {
      const rows = await db.query<ChangedRow>(changed, [entry_id, before]);
      const ids = (of: (row: ChangedRow) => number | null) => [...new Set(rows.flatMap((row) => of(row) ?? []))];
      const young = rows.findIndex(({ settled }) => !settled);
      const older = young < 0 ? rows : rows.slice(0, young);
      return {
        ids: {
          transaction: ids((row) => row.transaction_id),
          order: ids((row) => row.order_id),
          wallet: ids((row) => row.user_id),
        },
        last: rows.at(-1)?.entry_id ?? entry_id,
        settled: older.at(-1)?.entry_id,
        more: rows.length === PAGE,
      };
    },
    async page(kind, after) {
      const rows = await db.query<{ id: number }>(pages[kind], [after]);
      return rows.map(({ id }) => id);
    },
    compare: (kind, ids) => db.query<FoundDifference & { kept: Minor }>(comparisons[kind], [ids]),
  };
}

const mapped = <T>(make: (kind: ComparedKind) => T): Record<ComparedKind, T> => ({
  transaction: make('transaction'),
  order: make('order'),
  wallet: make('wallet'),
});

const changedText = (schema: string): string => `
  select e.entry_id, e.transaction_id, coalesce(e.order_id, t.order_id) as order_id,
    case when e.order_id is null and t.order_id is null then e.user_id end as user_id, e.created_at < $2 as settled
  from ${schema}.entries e left join ${schema}.transactions t using (transaction_id)
  where e.entry_id > $1 order by e.entry_id limit ${PAGE}`;

const pageTexts = (schema: string): Record<ComparedKind, string> => ({
  // Also what only the ledger knows.
  transaction: `select id from (
      (select transaction_id as id from ${schema}.transactions where transaction_id > $1
        order by transaction_id limit ${PAGE})
      union
      (select transaction_id from ${schema}.entries where transaction_id > $1 order by transaction_id limit ${PAGE})
    ) i order by id limit ${PAGE}`,
  order: `select order_id as id from ${schema}.bills where order_id > $1 order by order_id limit ${PAGE}`,
  wallet: `select user_id as id from ${schema}.wallets where user_id > $1 order by user_id limit ${PAGE}`,
});

const differing = (kind: ComparedKind): string => `
  select id, '${kind}/' || id || what as what, coalesce(kept, 0)::bigint as kept, coalesce(ledger, 0)::bigint as ledger
  from compared where coalesce(kept, 0) <> coalesce(ledger, 0) order by id, what`;

/** What an entry adds to what is owed. */
const OWED = `sum(case when debit like 'receivable/%' then amount when credit like 'receivable/%' then -amount end)`;
const PAID = `status in ('paid', 'partially_refunded', 'refunded')`;

const comparisonTexts: Record<ComparedKind, (schema: string) => string> = {
  // The charges of an invoice whose claim is posted have no entries of their own: the order is compared.
  transaction: (schema) => `with
    known as (
      select t.*, b.posted is not null as of_claim from ${schema}.transactions t left join ${schema}.bills b using (order_id)
      where t.transaction_id = any($1)),
    posted as (
      select transaction_id, sum(amount) filter (where kind in ('claim', 'charge')) as charged,
        sum(amount) filter (where kind = 'payment') as paid,
        sum(amount) filter (where kind in ('refund', 'correction')) as refunded,
        sum(amount) filter (where kind in ('void', 'reversal')) as reversed
      from ${schema}.entries where transaction_id = any($1) group by transaction_id),
    compared as (
      select coalesce(k.transaction_id, p.transaction_id) as id, v.what, v.kept, v.ledger
      from known k full join posted p using (transaction_id), lateral (values
        (' charged', case when not of_claim then k.amount else p.charged end, p.charged),
        (' reversed', case when of_claim then p.reversed when k.status = 'voided' then k.amount else 0 end, p.reversed),
        (' paid', case when k.${PAID} then k.amount else 0 end, p.paid),
        (' refunded', k.refunded, p.refunded)) v (what, kept, ledger))
    ${differing('transaction')}`,
  // The transactions of an order are found by its user, as everywhere.
  order: (schema) => `with
    bill as (select * from ${schema}.bills where order_id = any($1)),
    known as materialized (
      select * from ${schema}.transactions
      where user_id = any(array(select user_id from bill)) and order_id = any($1)),
    of_transactions as (
      select order_id, sum(amount) filter (where status <> 'voided') as claimed, sum(amount) filter (where ${PAID}) as paid,
        sum(refunded) as refunded
      from known group by order_id),
    posted as (
      select order_id, ${OWED} as owed, sum(amount) filter (where kind = 'correction') as corrected
      from (
        select k.order_id, e.kind, e.debit, e.credit, e.amount from known k join ${schema}.entries e using (transaction_id)
        where e.transaction_id = any(array(select transaction_id from known))
        union all
        select order_id, kind, debit, credit, amount from ${schema}.entries where order_id = any($1)) e
      group by order_id),
    compared as (
      select b.order_id as id, v.what, v.kept, v.ledger
      from bill b left join of_transactions t using (order_id) left join posted p using (order_id), lateral (values
        (' charged', b.claimed, t.claimed), (' paid', b.paid, t.paid), (' refunded', b.refunded, t.refunded),
        (' corrected', b.corrected, p.corrected),
        (' receivable', case when b.posted is null then b.claimed - b.paid else b.posted - b.paid + b.corrected end, p.owed)
      ) v (what, kept, ledger))
    ${differing('order')}`,
  wallet: (schema) => `with
    counted as (
      select user_id, sum(amount - refunded) as unbilled from ${schema}.transactions
      where user_id = any($1) and order_id is null and status <> 'voided' group by user_id),
    compared as (
      select user_id as id, ' charged' as what, w.unbilled as kept, c.unbilled as ledger
      from (select * from ${schema}.wallets where user_id = any($1)) w full join counted c using (user_id))
    ${differing('wallet')}`,
};
