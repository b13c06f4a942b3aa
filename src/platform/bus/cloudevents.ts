import type { Envelope } from '../contract/events.ts';
import { validTime } from '../db/letter.ts';
import { type Payload, payloadOf } from './consumers/payload.ts';

/**
 * CloudEvents 1.0 in binary mode: every attribute a header, the value nothing but the payload. `prefix` is what the
 * protocol binding puts before a name: `ce_` on Kafka, `cloudEvents:` on AMQP.
 */
export function toHeaders(event: Envelope, prefix: string): Record<string, string> {
  const attributes: Record<string, string | undefined> = {
    specversion: '1.0',
    id: event.id,
    source: `/${event.source}`,
    type: event.type,
    subject: event.subject,
    time: event.time,
    partitionkey: event.subject,
    traceparent: event.trace,
    correlationid: event.correlation,
    causationid: event.causation,
    actor: event.actor,
    about: event.about,
  };
  const named = Object.entries(attributes).flatMap(([name, value]) =>
    value === undefined ? [] : [[prefix + name, value] as const],
  );
  return Object.fromEntries(named);
}

/** The media type of every payload. */
export const CONTENT_TYPE = 'application/json';

/** The longest attribute that is taken. */
const LONGEST = 1_000;
/** The largest payload that is taken. */
const LARGEST = 16_000_000;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** What a NUL, or half of a surrogate pair, looks like in JSON text. */
const SUSPECT = /\\u(?:0000|d[89a-f])/i;

/** The headers that came under their names. One that came twice with two values has both. */
export function headersOf(pairs: Iterable<readonly [string, unknown]>): Record<string, unknown> {
  const headers = new Map<string, unknown>();
  for (const [name, value] of pairs) {
    const before = headers.get(name);
    headers.set(name, before === undefined || before === value ? value : [before, value]);
  }
  return Object.fromEntries(headers);
}

/** The event that headers and payload make, unchecked. Throws a sentence when an attribute is missing or no text. */
export function fromHeaders(headers: Readonly<Record<string, unknown>>, data: string, prefix: string): Envelope {
  const text = (name: string): string | undefined => {
    const value = headers[prefix + name];
    if (value === undefined || value === null) return undefined;
    if (Array.isArray(value)) throw new Error(`the attribute ${name} is there more than once`);
    if (typeof value === 'object') throw new Error(`the attribute ${name} is no text`);
    return String(value);
  };
  const must = (name: string): string => {
    const value = text(name);
    if (value === undefined) throw new Error(`the CloudEvents attribute ${name} is missing`);
    return value;
  };
  const id = must('id');
  return {
    id,
    source: must('source').replace(/^\//, ''),
    type: must('type'),
    subject: must('subject'),
    time: text('time') ?? new Date().toISOString(),
    trace: text('traceparent') ?? '',
    correlation: text('correlationid') ?? id,
    causation: text('causationid'),
    actor: text('actor') ?? 'system',
    about: text('about'),
    data,
  };
}

/**
 * Checks an event that came from outside: it is one that every store can keep, in the form in which it is kept. Throws
 * a sentence for any other. What passes here is refused by no column later.
 */
export function admit(event: Envelope): { readonly event: Envelope; readonly payload: Payload } {
  for (const name in event) {
    const value: unknown = event[name as keyof Envelope];
    if (name !== 'data' && typeof value === 'string') checkText(name, value);
  }
  if (!UUID.test(event.id)) throw new Error(`the id '${shown(event.id)}' is no UUID`);
  if (event.causation !== undefined && !UUID.test(event.causation)) {
    throw new Error(`the causationid '${shown(event.causation)}' is no UUID`);
  }
  const time = validTime(event.time);
  if (time === undefined)
    throw new Error(`the time '${shown(event.time)}' is no RFC 3339 time of the years 1900 to 2299`);
  const payload = payloadOf(event.data, checkedJson(event.data));
  return { event: time === event.time ? event : { ...event, time }, payload };
}

function checkText(name: string, value: string): void {
  if (value.length > LONGEST) throw new Error(`the attribute ${name} is longer than ${LONGEST} characters`);
  if (value.includes('\0')) throw new Error(`the attribute ${name} holds a NUL character`);
  if (!value.isWellFormed() || value.includes('\ufffd')) throw new Error(`the attribute ${name} is no valid Unicode`);
}

function checkedJson(data: string): object {
  if (data.length > LARGEST) throw new Error(`the payload is larger than ${LARGEST} bytes`);
  const value: unknown = JSON.parse(data);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error('the payload is no JSON object');
  }
  if (!data.isWellFormed() || (SUSPECT.test(data) && !isStorable(value))) {
    throw new Error('the payload holds a NUL character or half of a surrogate pair, which no column takes');
  }
  return value;
}

function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0');
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([name, inner]) => isStorable(name) && isStorable(inner));
}

const shown = (text: string): string => text.slice(0, 60);
