/**
 * The calendar of the shop: the day, month and year of an instant in the time zone of the setting SHOP_TIME_ZONE. The
 * expressions for PostgreSQL and ClickHouse give the same values as the functions here; a test compares them.
 */

/** An instant: RFC 3339, milliseconds since 1970, or a Date. */
export type Instant = string | number | Date;

// Each segment begins with a capital: ClickHouse distinguishes case. `EST5EDT` and `Etc/GMT+3` are names, `+03:00` is not.
const NAME = /^[A-Z][\w+-]*(\/[A-Z][\w+-]*)*$/;

/** Whether this is the name of a time zone in the IANA database, as it is spelt there: `Europe/Vienna`, `UTC`. */
export function isTimeZone(name: string): boolean {
  if (!NAME.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== undefined;
  } catch {
    return false;
  }
}

/** The day of an instant in this time zone: `2026-12-31`. Throws RangeError for what is no instant or no zone. */
export function shopDay(instant: Instant, zone: string): string {
  const time = timeOf(instant);
  if (zone === 'UTC') return new Date(time).toISOString().slice(0, 10);
  const quarter = Math.floor(time / QUARTER_HOUR);
  const calendar = calendarOf(zone);
  if (calendar.quarter !== quarter) {
    calendar.day = calendar.format.format(time);
    calendar.quarter = quarter;
  }
  return calendar.day;
}

/** The month of an instant in this time zone: `2026-12`. */
export function shopMonth(instant: Instant, zone: string): string {
  return shopDay(instant, zone).slice(0, 7);
}

/** The year of an instant in this time zone: 2026. */
export function shopYear(instant: Instant, zone: string): number {
  return Number(shopDay(instant, zone).slice(0, 4));
}

/**
 * The instant at which a day (`2026-12-31`) begins in this time zone, RFC 3339 UTC. It is the first instant of the day:
 * where the clock skips midnight, the day begins an hour later. Throws RangeError for what is no day.
 */
export function shopDayStart(day: string, zone: string): string {
  const midnight = Date.parse(`${day}T00:00:00Z`);
  // Offsets lie between -12 and +14 hours; search the first quarter of an hour that is in this day.
  let [before, within] = [midnight - 15 * HOUR, midnight + 13 * HOUR];
  while (within - before > QUARTER_HOUR) {
    const middle = before + Math.floor((within - before) / QUARTER_HOUR / 2) * QUARTER_HOUR;
    if (shopDay(middle, zone) < day) before = middle;
    else within = middle;
  }
  return new Date(within).toISOString();
}

/** Expressions of SQL for an expression of a time, such as the name of a column: day and month as text, year as integer. */
export interface ShopTimeSql {
  readonly day: (time: string) => string;
  readonly month: (time: string) => string;
  readonly year: (time: string) => string;
}

/** The calendar for PostgreSQL; a time is a `timestamptz`. */
export const shopTimeInPostgres = (zone: string): ShopTimeSql => ({
  day: (time) => `to_char(${time} at time zone ${quoted(zone)}, 'YYYY-MM-DD')`,
  month: (time) => `to_char(${time} at time zone ${quoted(zone)}, 'YYYY-MM')`,
  year: (time) => `extract(year from ${time} at time zone ${quoted(zone)})::integer`,
});

/** The calendar for ClickHouse; a time is a `DateTime` or a `DateTime64`. */
export const shopTimeInClickHouse = (zone: string): ShopTimeSql => ({
  day: (time) => `formatDateTime(${time}, '%Y-%m-%d', ${quoted(zone)})`,
  month: (time) => `formatDateTime(${time}, '%Y-%m', ${quoted(zone)})`,
  year: (time) => `toInt32(toYear(toTimeZone(${time}, ${quoted(zone)})))`,
});

const HOUR = 3_600_000;
// Since 1972 every offset is a multiple of a quarter of an hour, and so is every change of a clock.
const QUARTER_HOUR = HOUR / 4;

interface Calendar {
  readonly format: Intl.DateTimeFormat;
  /** The last quarter of an hour that was asked for, and its day: most instants are near the one before. */
  quarter: number;
  day: string;
}

const calendars = new Map<string, Calendar>();

function calendarOf(zone: string): Calendar {
  const known = calendars.get(zone);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  const calendar = { format, quarter: Number.NaN, day: '' };
  calendars.set(zone, calendar);
  return calendar;
}

function timeOf(instant: Instant): number {
  const time = typeof instant === 'number' ? instant : new Date(instant).getTime();
  if (!Number.isFinite(time)) throw new RangeError(`${String(instant)} is no instant`);
  return time;
}

// A name has no quote in it.
function quoted(zone: string): string {
  if (!isTimeZone(zone)) throw new RangeError(`${zone} is no time zone`);
  return `'${zone}'`;
}
