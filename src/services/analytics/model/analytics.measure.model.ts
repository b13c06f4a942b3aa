import { type Minor, minor, spread } from '../../../platform/contract/money.ts';
import type { EntityState } from './analytics.entities.model.ts';
import {
  CREDITED,
  CREDITED_TAX,
  LIVING,
  type Predicate,
  REOPENED,
  REOPENED_STATUS,
  STATE_METRICS,
  type Term,
} from './analytics.metrics.model.ts';

/** What a state counts for. */
export function metricsOf(state: EntityState): { metric: string; amount: Minor }[] {
  const seen = { ...state, status: statusOf(state) };
  return STATE_METRICS.filter(({ when }) => holds(when, seen)).map(({ metric, amount }) => ({
    metric: metric === 'by status' ? `${seen.kind}:${seen.status}` : metric,
    amount: amountOf(amount, seen),
  }));
}

/** The status that an entity has by its facts. */
export function statusOf(state: EntityState): string {
  const back = REOPENED_STATUS[state.kind]?.[state.status];
  return back !== undefined && holds(REOPENED, state) ? back : state.status;
}

/** Whether it counts for revenue. */
export const countsAsRevenue = (state: EntityState): boolean => holds(LIVING, state);

/** What was credited of each line: the credit without its tax, in proportion. */
export function creditedLines(state: EntityState): readonly Minor[] {
  if (state.credited_total === 0) return state.lines.map(() => minor(0));
  const credited = amountOf(['minus', CREDITED, CREDITED_TAX], state);
  return spread(
    credited,
    state.lines.map(({ total }) => total),
  );
}

function amountOf(term: Term, state: EntityState): Minor {
  if (term === 0) return minor(0);
  if (typeof term === 'string') return state[term];
  const of = (one: Term): Minor => amountOf(one, state);
  switch (term[0]) {
    case 'plus':
      return minor(of(term[1]) + of(term[2]));
    case 'minus':
      return minor(of(term[1]) - of(term[2]));
    case 'least':
      return minor(Math.min(of(term[1]), of(term[2])));
    case 'greatest':
      return minor(Math.max(of(term[1]), of(term[2])));
    case 'share':
      return shareOf(of(term[1]), of(term[2]), of(term[3]));
    case 'when':
      return of(holds(term[1], state) ? term[2] : term[3]);
  }
}

function shareOf(amount: Minor, part: Minor, whole: Minor): Minor {
  const [, share = minor(0)] = spread(amount, [minor(whole - part), part]);
  return share;
}

function holds(condition: Predicate, state: EntityState): boolean {
  switch (condition[0]) {
    case 'kind':
      return condition.includes(state.kind, 1);
    case 'status':
      return condition.includes(state.status, 1);
    case 'positive':
      return amountOf(condition[1], state) > 0;
    case 'and':
      return condition.slice(1).every((one) => holds(one as Predicate, state));
    case 'not':
      return !holds(condition[1], state);
  }
}
