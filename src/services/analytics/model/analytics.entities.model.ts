import { type AppError, invalid } from '../../../platform/contract/errors.ts';
import { type Minor, minor } from '../../../platform/contract/money.ts';
import type { EntityFacts, Fact, SoldLine } from './analytics.facts.model.ts';

/** What all that was told of a thing adds up to, for a store that adds it up here. */
export interface EntityState {
  readonly kind: EntityFacts['kind'];
  readonly item_id: number;
  /** When it began; null as long as only later events have come. */
  readonly known_at: string | null;
  /** Of two events the one with the greater place tells status, name and category; '' tells none. */
  readonly place: string;
  readonly status: string;
  readonly name: string;
  readonly category: string;
  readonly currency: string;
  readonly net: Minor;
  readonly tax: Minor;
  readonly gross: Minor;
  readonly paid: Minor;
  readonly lines: readonly SoldLine[];
}

/** Names a story among all. */
export const entityKey = ({ kind, item_id }: Pick<EntityState, 'kind' | 'item_id'>): string => `${kind} ${item_id}`;

/** What one event told of one thing, as if nothing else had been told of it. */
export function stateFrom({ time }: Pick<Fact, 'time'>, story: EntityFacts): EntityState {
  const { kind, item_id, known = false, place = '', status = '', name = '', category = '', currency = '' } = story;
  const { net = ZERO, tax = ZERO, gross = ZERO, paid = ZERO, lines = [] } = story;
  const known_at = known ? momentOf(time) : null;
  return { kind, item_id, known_at, place, status, name, category, currency, net, tax, gross, paid, lines };
}

const ZERO = minor(0);

/** Two parts of one story put together, in whatever order they come. */
export function mergeStates(one: EntityState, other: EntityState): EntityState {
  const { known_at, currency, net, tax, gross, lines } = isEarlier(other, one) ? other : one;
  const { place, status, name, category } = other.place > one.place ? other : one;
  const paid = minor(one.paid + other.paid);
  return { ...one, known_at, currency, net, tax, gross, lines, place, status, name, category, paid };
}

// Only the beginning tells amounts and lines. Were there two, which cannot be, the first of them counts.
const isEarlier = (one: EntityState, other: EntityState): boolean =>
  one.known_at !== null && (other.known_at === null || one.known_at < other.known_at);

/** Whether two stories say the same. */
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
