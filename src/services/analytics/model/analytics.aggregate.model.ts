import { type Minor, minor } from '../../../platform/contract/money.ts';
import { startOf } from './analytics.calendar.model.ts';
import {
  type EntityState,
  entityKey,
  mergeStates,
  momentOf,
  sameState,
  stateFrom,
} from './analytics.entities.model.ts';
import type { Fact } from './analytics.facts.model.ts';
import { countsAsRevenue, creditedLines, metricsOf } from './analytics.measure.model.ts';
import { READ_TOTALS, SERIES } from './analytics.metrics.model.ts';

/** By how much a figure moves: in an hour, or of all time when `hour` is null. */
export interface MetricDelta {
  readonly metric: string;
  readonly currency: string;
  readonly hour: string | null;
  readonly count: number;
  readonly amount: Minor;
  /** When the last event happened that it counts. */
  readonly latest: string;
}

/** By how much it moves what was sold of a product on a day. */
export interface SalesDelta {
  readonly product_id: number;
  readonly currency: string;
  readonly day: string;
  readonly name: string;
  readonly quantity: number;
  readonly amount: Minor;
}

/** Adds up what events and states count for. */
export interface Aggregate {
  /** What an event counts for by itself. */
  event(fact: Fact): void;
  /** What a thing counts for as long as it is so; `sign` -1 takes it off. */
  state(state: EntityState, sign: 1 | -1): void;
  /** What a sum moves by: of an hour and of all time each by itself. */
  move(movement: MetricDelta): void;
  sell(sale: SalesDelta): void;
  /** What moved, by hour and of all time; what came to nothing is left out. */
  movements(): MetricDelta[];
  sales(): SalesDelta[];
}

/** Begins to add up by the hours and days of a time zone. */
export function aggregate(zone: string): Aggregate {
  const sums = summing<MetricDelta>(({ metric, currency, hour }) => `${metric} ${currency} ${hour}`, together);
  const sold = summing<SalesDelta>(({ product_id, currency, day }) => `${product_id} ${currency} ${day}`, soldTogether);

  function count(by: MetricDelta): void {
    if (SERIES.includes(by.metric)) sums.add(by);
    sums.add({ ...by, hour: null });
  }

  return {
    event({ type, metric, currency, time, amount }) {
      if (type === READ_TOTALS) return;
      const latest = momentOf(time);
      const hour = startIn('hour', latest, zone);
      count({ metric: 'events', currency: '', hour, count: 1, amount: minor(0), latest });
      if (metric !== null) count({ metric, currency, hour, count: 1, amount, latest });
    },
    state(state, sign) {
      const { currency, known_at: latest } = state;
      if (latest === null) return;
      const hour = startIn('hour', latest, zone);
      for (const { metric, amount } of metricsOf(state)) {
        count({ metric, currency, hour, count: sign, amount: minor(sign * amount), latest });
      }
      for (const sale of salesOf(state, startIn('day', latest, zone), sign)) sold.add(sale);
    },
    move: sums.add,
    sell: sold.add,
    movements: () => sums.all().filter(({ count, amount }) => count !== 0 || amount !== 0),
    sales: () => sold.all().filter(({ quantity, amount }) => quantity !== 0 || amount !== 0),
  };
}

/** Puts those with the same key together, unless their sum is beyond what can be counted exactly: then both stay. */
function summing<T extends { readonly amount: Minor }>(keyOf: (one: T) => string, plus: (one: T, other: T) => T) {
  const byKey = new Map<string, T>();
  const full: T[] = [];
  return {
    add(one: T): void {
      const key = keyOf(one);
      const known = byKey.get(key);
      const fits = known !== undefined && Number.isSafeInteger(known.amount + one.amount);
      if (known !== undefined && !fits) full.push(known);
      byKey.set(key, known !== undefined && fits ? plus(known, one) : one);
    },
    all: () => [...full, ...byKey.values()],
  };
}

const together = (one: MetricDelta, other: MetricDelta): MetricDelta => ({
  ...one,
  count: one.count + other.count,
  amount: minor(one.amount + other.amount),
  latest: greatest(one.latest, other.latest),
});

const soldTogether = (one: SalesDelta, other: SalesDelta): SalesDelta => ({
  ...one,
  quantity: one.quantity + other.quantity,
  amount: minor(one.amount + other.amount),
  name: greatest(one.name, other.name),
});

function greatest(one: string, other: string): string {
  if (other > one) return other;
  return one;
}

function salesOf(state: EntityState, day: string, sign: 1 | -1): SalesDelta[] {
  if (!countsAsRevenue(state)) return [];
  const credited = creditedLines(state);
  return state.lines.map(({ product_id, product_name: name, quantity, total }, n) => {
    const amount = minor(sign * (total - (credited[n] ?? 0)));
    return { product_id, currency: state.currency, day, name, quantity: sign * quantity, amount };
  });
}

/** The beginning of the hour or day of a moment. */
export const startIn = (interval: 'hour' | 'day', moment: string, zone: string): string =>
  new Date(startOf(interval, Date.parse(moment), zone)).toISOString();

/** What a batch of new events comes to, beside the events themselves. */
export interface Counted {
  /** What each of them told, in their order. */
  readonly told: readonly { readonly event_id: string; readonly state: EntityState }[];
  /** The stories that are other than before. */
  readonly stories: readonly EntityState[];
  readonly movements: readonly MetricDelta[];
  readonly sales: readonly SalesDelta[];
}

/** Figures, and what was sold. */
export interface Sums {
  readonly movements: readonly MetricDelta[];
  readonly sales: readonly SalesDelta[];
}

/** What must be added to `kept` so that it comes to `truth`; both by the same hours and days or not. */
export function metricDifferences(truth: Sums, kept: Sums): Sums {
  const missing = aggregate('UTC');
  for (const one of kept.movements) missing.move({ ...one, count: -one.count, amount: minor(-one.amount) });
  for (const one of kept.sales) missing.sell({ ...one, quantity: -one.quantity, amount: minor(-one.amount) });
  for (const one of truth.movements) missing.move(one);
  for (const one of truth.sales) missing.sell(one);
  return { movements: missing.movements(), sales: missing.sales() };
}

/**
 * Counts events that were not counted before, by the hours and days of a time zone; `before` has the states that they
 * go on with, by `entityKey`.
 */
export function countFacts(facts: readonly Fact[], before: ReadonlyMap<string, EntityState>, zone: string): Counted {
  const sums = aggregate(zone);
  const now = new Map<string, EntityState>();
  const told = facts.flatMap((fact) =>
    fact.stories.map((story) => ({ event_id: fact.id, state: stateFrom(fact, story) })),
  );
  for (const fact of facts) sums.event(fact);
  for (const { state } of told) {
    const key = entityKey(state);
    const known = now.get(key) ?? before.get(key);
    now.set(key, known ? mergeStates(known, state) : state);
  }
  const stories = [...now].filter(([key, state]) => !isAsBefore(state, before.get(key))).map(([, state]) => state);
  for (const state of stories) {
    const known = before.get(entityKey(state));
    if (known) sums.state(known, -1);
    sums.state(state, 1);
  }
  return { told, stories, movements: sums.movements(), sales: sums.sales() };
}

const isAsBefore = (state: EntityState, known: EntityState | undefined): boolean =>
  known !== undefined && sameState(state, known);
