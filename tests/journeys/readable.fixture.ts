// What differs from run to run is written the same way in every run, and as short as a reader wants it.

const NOON = Date.parse('2026-11-27T12:00:00.000Z');
const DAY = 86_400_000;
const LONGEST_LIST = 3;
/** Fields whose text is a secret, or made from one. */
const SECRET = /^(token|access_token|refresh_token|secret|x|kid)$/;

/** An answer without what is new in every run: moments, ids of events and requests, tokens; lists have two entries. */
export function readable(answer: unknown): unknown {
  const ids = new Map<string, string>();
  const now = Date.now();

  function value(one: unknown, name: string): unknown {
    if (Array.isArray(one)) return one.slice(0, LONGEST_LIST).map((entry) => value(entry, name));
    if (typeof one === 'object' && one !== null) {
      return Object.fromEntries(Object.entries(one).map(([field, inner]) => [field, value(inner, field)]));
    }
    return typeof one === 'string' ? text(one, name) : one;
  }

  function text(one: string, name: string): string {
    if (SECRET.test(name)) return '…';
    if (/^\d{4}-\d\d-\d\d$/.test(one)) return new Date(NOON + daysFromNow(one) * DAY).toISOString().slice(0, 10);
    return one
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (moment) => new Date(NOON + daysFromNow(moment) * DAY).toISOString())
      .replaceAll(/[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/g, named)
      .replaceAll(/\b([A-Z]+-)20\d\d-/g, '$12026-');
  }

  /** A day is counted from the day of today, any other moment from this one, so that midnight may come between. */
  function daysFromNow(moment: string): number {
    const time = Date.parse(moment);
    return time % DAY === 0 ? time / DAY - Math.floor(now / DAY) : Math.round((time - now) / DAY);
  }

  function named(id: string): string {
    const known = ids.get(id) ?? `01936d5e-0000-7000-8000-${String(ids.size + 1).padStart(12, '0')}`;
    ids.set(id, known);
    return known;
  }

  return value(answer, '');
}
