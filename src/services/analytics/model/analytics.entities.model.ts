import { type AppError, invalid } from '../../../platform/contract/errors.ts';
import { type Minor, minor } from '../../../platform/contract/money.ts';
import type { EntityFacts, Fact, SoldLine } from './analytics.facts.model.ts';
import type { EntityKind } from './analytics.metrics.model.ts';

/** What all facts of an entity come to, for a store that merges them here. */
export interface EntityState {
  readonly kind: EntityKind;
  readonly item_id: number;
  /** When it began; null as long as only later events have come. */
  readonly known_at: string | null;
  /** Of two events the one with the greater place sets status, name and category; '' sets none. */
  readonly place: string;
  readonly status: string;
  readonly name: string;
  readonly category: string;
  readonly currency: string;
  readonly net: Minor;
  readonly tax: Minor;
  readonly gross: Minor;
  /** Of a transaction what came in less what went back; of an invoice what came in for it. */
  readonly paid: Minor;
  /** Of an order or its invoice: ever captured, ever given back, and of that what was credited. They only grow. */
  readonly paid_total: Minor;
  readonly refunded_total: Minor;
  readonly credited_total: Minor;
  readonly lines: readonly SoldLine[];
}

/** Names an entity among all. */
export const entityKey = ({ kind, item_id }: Pick<EntityState, 'kind' | 'item_id'>): string => `${kind} ${item_id}`;

type Field = Exclude<keyof EntityState, 'kind' | 'item_id' | 'known_at' | 'place'>;

/**
 * How the facts of an entity are merged, so that the order of their events does not matter. `first`: only the beginning
 * tells it. `latest`: the event with the greater place tells it. `sum`: each event adds to it. `most`: a total that only
 * grows. Every store reads this table.
 */
export const MERGED: Readonly<Record<Field, 'first' | 'latest' | 'sum' | 'most'>> = {
  currency: 'first',
  net: 'first',
  tax: 'first',
  gross: 'first',
  lines: 'first',
  status: 'latest',
  name: 'latest',
  category: 'latest',
  paid: 'sum',
  paid_total: 'most',
  refunded_total: 'most',
  credited_total: 'most',
};

/** The fields of an entity that are merged in this way. */
export const fieldsMerged = (how: (typeof MERGED)[Field]): Field[] =>
  (Object.keys(MERGED) as Field[]).filter((field) => MERGED[field] === how);

const SUMS = fieldsMerged('sum') as readonly 'paid'[];
const MOST = fieldsMerged('most') as readonly ('paid_total' | 'refunded_total' | 'credited_total')[];
const LATEST = [...fieldsMerged('latest'), 'place'] as const;
const BEGINNING = [...fieldsMerged('first'), 'known_at'] as const;

/** What one event said of one entity, as if nothing else were known of it. */
export function stateFrom({ time }: Pick<Fact, 'time'>, facts: EntityFacts): EntityState {
  const { known = false, ...said } = facts;
  const text = { place: '', status: '', name: '', category: '', currency: '' };
  const amounts = { net: ZERO, tax: ZERO, gross: ZERO, paid: ZERO };
  const totals = { paid_total: ZERO, refunded_total: ZERO, credited_total: ZERO };
  const known_at = known ? momentOf(time) : null;
  return withoutOldRefund({ known_at, ...text, ...amounts, ...totals, lines: [], ...said });
}

/** Older versions said of an invoice what was refunded as paid < 0. It was a credit, which makes nothing owed again. */
export const withoutOldRefund = (state: EntityState): EntityState =>
  state.kind === 'invoice' && state.paid < 0 ? { ...state, paid: ZERO } : state;

const ZERO = minor(0);

/** Two parts of one entity put together, in whatever order they come. */
export function mergeStates(one: EntityState, other: EntityState): EntityState {
  const first = isEarlier(other, one) ? other : one;
  const latest = other.place > one.place ? other : one;
  return {
    ...one,
    ...picked(first, BEGINNING),
    ...picked(latest, LATEST),
    ...Object.fromEntries(SUMS.map((field) => [field, minor(one[field] + other[field])])),
    ...Object.fromEntries(MOST.map((field) => [field, Math.max(one[field], other[field])])),
  };
}

const picked = <K extends keyof EntityState>(state: EntityState, fields: readonly K[]): Pick<EntityState, K> =>
  Object.fromEntries(fields.map((field) => [field, state[field]])) as Pick<EntityState, K>;

// Only the beginning tells amounts and lines. Were there two, which cannot be, the first of them counts.
const isEarlier = (one: EntityState, other: EntityState): boolean =>
  one.known_at !== null && (other.known_at === null || one.known_at < other.known_at);

/** Whether two states say the same. */
export function sameState(one: EntityState, other: EntityState): boolean {
  const { lines, ...rest } = one;
  const fields = Object.keys(rest) as (keyof typeof rest)[];
  return fields.every((name) => one[name] === other[name]) && JSON.stringify(lines) === JSON.stringify(other.lines);
}

/** A time as it is kept: UTC, to the millisecond. */
export const momentOf = (time: string): string => new Date(time).toISOString();

/**
 * When an id was made, in milliseconds since 1970; undefined when it does not say so, as only those of version 7 do.
 * An event is never recorded before: who keeps it so need not look for it further back.
 */
export function madeAt(id: string): number | undefined {
  const time = id[14] === '7' ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : LAST;
  return time < LAST ? time : undefined;
}

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const FIRST = Date.parse('1970-01-01T00:00:00Z');
/** Hours are kept in seconds, of which 32 bits are full in February 2106. */
const LAST = Date.parse('2106-01-01T00:00:00Z');

/** What is wrong with an event that cannot be kept, so that it does not take those along that are kept with it. */
export function recordingFault({ id, time }: Fact): AppError | undefined {
  if (!ID.test(id)) return invalid(`an event has a UUID for its id, not '${id}'`);
  const moment = Date.parse(time);
  if (moment >= FIRST && moment < LAST) return undefined;
  return invalid(`an event happens between 1970 and 2105, not at '${time}'`);
}
