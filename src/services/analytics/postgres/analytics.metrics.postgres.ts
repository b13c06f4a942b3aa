import {
  type Predicate,
  REOPENED,
  REOPENED_STATUS,
  STATE_METRICS,
  type Term,
} from '../model/analytics.metrics.model.ts';

/**
 * The definitions of the metrics as expressions over a state `s`, whose amounts are not null. All but `share` are the
 * same in ClickHouse.
 */

/** An amount, a bigint. */
export function termSql(term: Term): string {
  if (term === 0) return '0::bigint';
  if (typeof term === 'string') return `s.${term}`;
  switch (term[0]) {
    case 'plus':
      return `(${termSql(term[1])} + ${termSql(term[2])})`;
    case 'minus':
      return `(${termSql(term[1])} - ${termSql(term[2])})`;
    case 'least':
    case 'greatest':
      return `${term[0]}(${termSql(term[1])}, ${termSql(term[2])})`;
    case 'share': {
      const [amount, part, whole] = [term[1], term[2], term[3]].map(termSql);
      // A half goes to the larger part, which is the other one.
      return `div(2::numeric * ${amount} * ${part} + ${whole} - 1, 2::numeric * ${whole})::bigint`;
    }
    case 'when':
      return `case when ${conditionSql(term[1])} then ${termSql(term[2])} else ${termSql(term[3])} end`;
  }
}

export function conditionSql(condition: Predicate): string {
  switch (condition[0]) {
    case 'kind':
      return `s.kind in (${quoted(condition.slice(1) as string[])})`;
    case 'status':
      return `s.status in (${quoted(condition.slice(1) as string[])})`;
    case 'positive':
      return `${termSql(condition[1])} > 0`;
    case 'and':
      return condition
        .slice(1)
        .map((one) => conditionSql(one as Predicate))
        .join(' and ');
    case 'not':
      return `not (${conditionSql(condition[1])})`;
  }
}

const quoted = (texts: readonly string[]): string => texts.map((text) => `'${text}'`).join(', ');

/** The status that an entity has by its facts. */
export const STATUS_SQL = `case ${Object.entries(REOPENED_STATUS)
  .flatMap(([kind, back]) => Object.entries(back).map(([from, to]) => [kind, from, to]))
  .map(
    ([kind, from, to]) => `when s.kind = '${kind}' and s.status = '${from}' and ${conditionSql(REOPENED)} then '${to}'`,
  )
  .join(' ')} else s.status end`;

/** For each metric of a state: its name, its amount, and when the state counts for it. */
export const STATE_METRICS_SQL = STATE_METRICS.map(({ metric, amount, when }) => ({
  metric,
  name: metric === 'by status' ? `s.kind || ':' || s.status` : `'${metric}'`,
  amount: termSql(amount),
  when: conditionSql(when),
}));
