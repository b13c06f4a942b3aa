import { minor } from '../../../platform/contract/money.ts';
import { shopDayStart } from '../../../platform/contract/shop-time.ts';
import { analyticsErrors, type Interval, MAX_POINTS, type Point } from '../analytics.contract.ts';
import { nextOf, startOf } from './analytics.calendar.model.ts';

/** A stretch of time as a request names it. */
export interface GivenSpan {
  readonly from?: string;
  readonly to?: string;
}

/** The beginnings of all buckets, and where the last of them ends. */
export interface Buckets {
  readonly starts: readonly string[];
  readonly to: string;
}

const DAY = 86_400_000;
const WEEK = 7 * DAY;

/** How far back a request looks that does not say. */
const BACK: Readonly<Record<Interval, number>> = { hour: DAY, day: 30 * DAY, week: 12 * WEEK, month: 365 * DAY };

/**
 * The buckets of a span in a time zone. Throws BAD_TIME, NO_SPAN, and TOO_MANY_POINTS rather than a list without end.
 */
export function bucketsOf(interval: Interval, given: GivenSpan, now: string, zone: string): Buckets {
  const [begin, end] = limitsOf(given, BACK[interval], now, zone);
  const starts: string[] = [];
  let start = startOf(interval, begin, zone);
  while (start < end) {
    if (starts.length === MAX_POINTS) throw analyticsErrors.TOO_MANY_POINTS({ points: MAX_POINTS });
    starts.push(iso(start));
    start = nextOf(interval, start, zone);
  }
  return { starts, to: iso(start) };
}

/** The whole days that a span touches in a time zone; `to` is where the last ends. Throws BAD_TIME, NO_SPAN. */
export function daysOf(given: GivenSpan, now: string, zone: string): { from: string; to: string } {
  const [begin, end] = limitsOf(given, BACK.day, now, zone);
  const last = startOf('day', end - 1, zone);
  return { from: iso(startOf('day', begin, zone)), to: iso(nextOf('day', last, zone)) };
}

/** A point for every bucket: with 0 where nothing happened. */
export function filled({ starts }: Buckets, points: readonly Point[]): Point[] {
  const known = new Map(points.map((point) => [point.bucket, point]));
  return starts.map((bucket) => known.get(bucket) ?? { bucket, count: 0, amount: minor(0) });
}

function limitsOf({ from, to }: GivenSpan, back: number, now: string, zone: string): [number, number] {
  // The moment itself belongs to what is asked for when no end is named.
  const end = to === undefined ? Date.parse(now) + 1 : timeOf('to', to, zone);
  const begin = from === undefined ? end - back : timeOf('from', from, zone);
  if (begin >= end) throw analyticsErrors.NO_SPAN();
  return [begin, end];
}

const TIME = /^(\d{4}-\d\d-\d\d)(T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d))?$/;

function timeOf(name: string, text: string, zone: string): number {
  // A '+' in a query that nobody encoded arrives as a space.
  const day = TIME.exec(text.replace(' ', '+'))?.[1];
  // Of the thirtieth of February Date makes the second of March.
  if (day === undefined || !isDay(day)) throw analyticsErrors.BAD_TIME({ name });
  // A day begins where it does in the shop.
  const time = Date.parse(text === day ? shopDayStart(day, zone) : text.replace(' ', '+'));
  if (time < FIRST || time > LAST) throw analyticsErrors.BAD_TIME({ name });
  return time;
}

// A year more on either side is still a time that every engine knows.
const FIRST = Date.parse('1970-01-02');
const LAST = Date.parse('9990-01-01');

function isDay(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && iso(time).startsWith(text);
}

const iso = (time: number): string => new Date(time).toISOString();
