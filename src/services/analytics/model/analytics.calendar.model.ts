import { shopDay, shopDayStart } from '../../../platform/contract/shop-time.ts';
import type { Interval } from '../analytics.contract.ts';

/** Hours, days, weeks and months as they are in a time zone. Moments are milliseconds since 1970. */

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
// Since 1972 every offset is a multiple of a quarter of an hour.
const QUARTER = HOUR / 4;

/** Where the hour, day, week (from Monday) or month begins in which a moment lies. */
export function startOf(interval: Interval, time: number, zone: string): number {
  if (interval === 'hour') return hourStart(time, zone);
  const day = Date.parse(`${shopDay(time, zone)}T00:00:00Z`);
  return startOfDay(interval === 'day' ? day : interval === 'week' ? mondayOf(day) : monthOf(day, 0), zone);
}

/** Where the next one begins. */
export function nextOf(interval: Interval, start: number, zone: string): number {
  if (interval === 'hour') return hourStart(start + HOUR, zone);
  const day = Date.parse(`${shopDay(start, zone)}T00:00:00Z`);
  return startOfDay(interval === 'month' ? monthOf(day, 1) : day + (interval === 'week' ? 7 : 1) * DAY, zone);
}

// Days of the calendar are reckoned as midnights UTC.
const startOfDay = (day: number, zone: string): number =>
  Date.parse(shopDayStart(new Date(day).toISOString().slice(0, 10), zone));

// The first of January 1970 was a Thursday.
const mondayOf = (day: number): number => day - ((day + 3 * DAY) % (7 * DAY));

function monthOf(day: number, later: number): number {
  const date = new Date(day);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + later, 1);
}

function hourStart(time: number, zone: string): number {
  const quarter = time - (time % QUARTER);
  return quarter - minutesPast(quarter, zone) * 60_000;
}

interface Clock {
  readonly format: Intl.DateTimeFormat;
  /** The last quarter of an hour that was asked for, and its minutes: most moments are near the one before. */
  quarter: number;
  minutes: number;
}

const clocks = new Map<string, Clock>();

/** The minutes of the hour that the clock shows. */
function minutesPast(quarter: number, zone: string): number {
  if (zone === 'UTC') return (quarter % HOUR) / 60_000;
  let clock = clocks.get(zone);
  if (!clock) {
    const format = new Intl.DateTimeFormat('en-GB', { timeZone: zone, minute: 'numeric' });
    clock = { format, quarter: Number.NaN, minutes: 0 };
    clocks.set(zone, clock);
  }
  if (clock.quarter !== quarter) {
    clock.minutes = Number(clock.format.format(quarter));
    clock.quarter = quarter;
  }
  return clock.minutes;
}
