import {
  type Reconciliation,
  type ReconciliationGroup,
  type ReconciliationRange,
  type ReconciliationRow,
  ROWS_AT_ONCE,
} from '../../../contract/reconciliation.ts';
import type { PostgresStore } from './store.ts';

/** Where the figures of a table come from: names of columns, or expressions over them. */
export interface ReconciliationSpec {
  readonly table: string;
  readonly key: string;
  readonly status: string;
  /** The column `currency` unless it is given. */
  readonly currency?: string;
  readonly amount: string;
  /** What came in less what went back, where something is paid. */
  readonly paid?: string;
  readonly updated: string;
}

/** What a table comes to in a range of ids. */
export function reconciliationIn(
  { schema, db }: PostgresStore,
  spec: ReconciliationSpec,
): (range: ReconciliationRange) => Promise<Reconciliation> {
  const { key, status, currency = 'currency', amount, paid, updated } = spec;
  const table = `${schema}.${spec.table}`;
  const last = {
    name: `${table} last`,
    text: `select coalesce(max(${key}), 0) as last_id from ${table}`,
  };
  const groups = {
    name: `${table} figures`,
    text: `select ${status} as status, ${currency} as currency, count(*) as count, sum(${amount})::bigint as amount
        ${paid ? `, sum(${paid})::bigint as paid` : ''}
      from ${table} where ${key} between $1 and $2 group by 1, 2 order by 1, 2`,
  };
  const rows = {
    name: `${table} figures rows`,
    text: `select ${key} as id, ${status} as status, ${currency} as currency, ${amount} as amount, ${updated} as updated_at
        ${paid ? `, ${paid} as paid` : ''}
      from ${table} where ${key} between $1 and $2 order by ${key} limit ${ROWS_AT_ONCE}`,
  };
  return async ({ from_id, to_id, rows: wanted }) => {
    const range = [from_id, to_id];
    const [[newest], summed, told] = await Promise.all([
      db.query<{ last_id: number }>(last),
      db.query<ReconciliationGroup>(groups, range),
      wanted ? db.query<ReconciliationRow>(rows, range) : undefined,
    ]);
    return { last_id: newest?.last_id ?? 0, groups: summed, ...(told && { rows: told }) };
  };
}
