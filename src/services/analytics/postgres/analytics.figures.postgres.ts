import type { ReconciliationGroup, ReconciliationRow } from '../../../platform/contract/reconciliation.ts';
import type { PostgresStore } from '../../../platform/db/postgres/store/store.ts';
import type { AnalyticsRepository } from '../analytics.repository.ts';
import type { Compared } from '../check/analytics.check.contract.ts';
import { COMPARED } from '../model/analytics.compared.model.ts';
import { fieldsMerged } from '../model/analytics.entities.model.ts';
import { STATUS_SQL, termSql } from './analytics.metrics.postgres.ts';

/** What is known of the entities of a range of ids, as their owners have it. */
export function figuresIn({ db, schema }: PostgresStore): AnalyticsRepository['figures'] {
  const statements = Object.fromEntries(
    (Object.keys(COMPARED) as Compared[]).map((of) => [of, statementsOf(schema, of)]),
  ) as Record<Compared, ReturnType<typeof statementsOf>>;
  return async (of, { from_id, to_id, rows: wanted }) => {
    const { last, groups, rows } = statements[of];
    const range = [from_id, to_id];
    const [[newest], summed, each] = await Promise.all([
      db.query<{ last_id: number }>(last),
      db.query<ReconciliationGroup>(groups, range),
      wanted ? db.query<ReconciliationRow>(rows, range) : undefined,
    ]);
    return { last_id: newest?.last_id ?? 0, groups: summed, rows: each };
  };
}

function statementsOf(schema: string, of: Compared) {
  const { kind, status, amount, paid, counts } = COMPARED[of];
  const totals = fieldsMerged('most').map((field) => `coalesce(${field}, 0) as ${field}`);
  const known = `kind = '${kind}' and known_at is not null`;
  const states = `(select kind, item_id, status, currency, gross, paid, ${totals.join(', ')}, known_at
    from ${schema}.stories where ${known} and item_id between $1 and $2) s
    ${counts ? `where ${termSql(counts)} > 0` : ''}`;
  const state = status === undefined ? STATUS_SQL : `'${status}'`;
  const name = (part: string): string => `${schema} figures of ${of}: ${part}`;
  return {
    last: {
      name: name('last'),
      text: `select coalesce(max(item_id), 0) as last_id from ${schema}.stories where ${known}`,
    },
    groups: {
      name: name('groups'),
      text: `select ${state} as status, currency, count(*) as count, sum(${termSql(amount)})::bigint as amount
        ${paid ? `, sum(${termSql(paid)})::bigint as paid` : ''} from ${states} group by 1, 2`,
    },
    rows: {
      name: name('rows'),
      text: `select item_id as id, ${state} as status, currency, ${termSql(amount)} as amount
        ${paid ? `, ${termSql(paid)} as paid` : ''}, known_at as updated_at from ${states} order by item_id`,
    },
  };
}
