import {
  type Reconciliation,
  type ReconciliationGroup,
  type ReconciliationRange,
  type ReconciliationRow,
  ROWS_AT_ONCE,
} from '../../../contract/reconciliation.ts';
import type { ClickHouse } from '../engine.ts';
import type { ClickHouseTableShape, NewestRows } from './table.ts';

/** Where the figures of a table come from: names of columns, or expressions over them. */
export interface ReconciliationColumns {
  readonly status: string;
  readonly amount: string;
  readonly updated: string;
}

/** What the newest rows of a table come to in a range of ids. */
export function reconciliationOf<S>(
  engine: ClickHouse,
  rows: NewestRows<S>,
  { table, key }: ClickHouseTableShape<S>,
  { status, amount, updated }: ReconciliationColumns,
): (range: ReconciliationRange) => Promise<Reconciliation> {
  const newest = rows.newest(`${key} between {from:UInt64} and {to:UInt64}`);
  const last = `select max(${key}) as last_id from ${table}`;
  const groups = `select ${status} as status, currency, count() as count, sum(${amount}) as amount
    from (${newest}) group by 1, 2 order by 1, 2`;
  const told = `select ${key} as id, ${status} as status, currency, ${amount} as amount, ${updated} as updated_at
    from (${newest}) order by id limit ${ROWS_AT_ONCE}`;
  return async ({ from_id: from, to_id: to, rows: wanted }) => {
    const [[latest], summed, each] = await Promise.all([
      engine.query<{ last_id: number }>(last),
      engine.query<ReconciliationGroup>(groups, { from, to }),
      wanted ? engine.query<ReconciliationRow>(told, { from, to }) : undefined,
    ]);
    return { last_id: latest?.last_id ?? 0, groups: summed, ...(each && { rows: each }) };
  };
}
