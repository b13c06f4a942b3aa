import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { Envelope } from '../contract/events.ts';
import type { DeadLetter } from './dead-letters.ts';

/** So much of a payload is kept with a dead letter. */
const MOST_BYTES = 1_000_000;
const LONGEST_ERROR = 2_000;
const LONGEST_ATTRIBUTE = 1_000;
const CUT = 'Only the beginning of this payload is kept';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const RFC_3339 = /^((\d{4})-\d\d-\d\d)[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/;
/** The form in which our own events have it. */
const EXACT = /^(?:19|2[0-2])\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const OURS = /^[\d-]+T[\d:]+(?:\.\d{1,6})?Z$/;

/**
 * A dead letter in a form that every store takes, whatever came from outside: no text that a column refuses, no time
 * that is none, nothing too long. What is well stays as it is.
 */
export function storable<L extends Omit<DeadLetter, 'id'>>(letter: L): L {
  const failed_at = validTime(letter.failed_at) ?? new Date().toISOString();
  return {
    ...letter,
    consumer: columnText(letter.consumer),
    error: columnText(letter.error, LONGEST_ERROR),
    envelope: storableEnvelope(letter.envelope, failed_at),
    failed_at,
  };
}

/** The same of a row that another version may have kept. */
export const storableRow = (row: object): Readonly<Record<string, unknown>> => ({ ...storable(row as DeadLetter) });

/** So many rows are copied at once: each may have a payload of a megabyte. */
export const LETTERS_AT_ONCE = 20;

function storableEnvelope(envelope: Envelope, otherwise: string): Envelope {
  const attributes = Object.entries(envelope).flatMap(([name, value]) =>
    name === 'data' || value === undefined || value === null
      ? []
      : [[name, typeof value === 'string' ? columnText(value) : value] as const],
  );
  return {
    ...(Object.fromEntries(attributes) as unknown as Envelope),
    id: UUID.test(envelope.id) ? envelope.id : uuidOf(String(envelope.id)),
    time: validTime(envelope.time) ?? otherwise,
    data: keptPayload(String(envelope.data)),
  };
}

/**
 * A payload as a dead letter keeps it: what is no text as base64, and what is too large cut, with its true size and
 * hash before it.
 */
export function keptPayload(data: string | Buffer): string {
  if (typeof data !== 'string') return isUtf8(data) ? keptPayload(data.toString()) : keptBytes(data);
  const text = columnText(data, Number.POSITIVE_INFINITY);
  // A unit of UTF-16 is at most three bytes of UTF-8.
  if (text.length * 3 <= MOST_BYTES || isCut(text)) return text;
  const bytes = Buffer.from(text);
  if (bytes.length <= MOST_BYTES) return text;
  return `${noteOf(bytes)}\n${new TextDecoder().decode(bytes.subarray(0, MOST_BYTES), { stream: true })}`;
}

function keptBytes(data: Buffer): string {
  const most = (MOST_BYTES / 4) * 3;
  const note = data.length > most ? `${noteOf(data)} ` : '';
  return `${note}It is no UTF-8, so this is base64:\n${data.subarray(0, most).toString('base64')}`;
}

const noteOf = (data: Buffer): string => `${CUT}: it has ${data.length} bytes, SHA-256 ${hashOf(data)}.`;

/** Whether a payload that was kept is only a beginning, and so cannot be handled again. */
export const isCut = (data: string): boolean => data.startsWith(CUT) || data.startsWith(`"${CUT}`);

/** Text without what a text column refuses: a NUL is written out, half of a surrogate pair becomes U+FFFD. */
export function columnText(text: string, longest = LONGEST_ATTRIBUTE): string {
  const cut = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return cut.toWellFormed().replaceAll('\0', '\\u0000');
}

/** The time in the form in which it is kept; undefined for what is none, or for a year that a column does not take. */
export function validTime(text: string): string | undefined {
  if (EXACT.test(text) && isSameTime(text)) return text;
  const [, day, year, zone] = RFC_3339.exec(text) ?? [];
  if (zone === undefined || Number(year) < 1900 || Number(year) > 2299) return undefined;
  const time = Date.parse(text);
  // The 30th of February is taken for a day of March.
  const local = Date.parse(`${text.slice(0, -zone.length)}Z`);
  if (Number.isNaN(time) || Number.isNaN(local) || !new Date(local).toISOString().startsWith(day ?? ''))
    return undefined;
  return OURS.test(text) ? text : new Date(time).toISOString();
}

// The 30th of February is another day.
function isSameTime(text: string): boolean {
  const time = new Date(text);
  return !Number.isNaN(time.getTime()) && time.toISOString() === text;
}

/** The same text has the same one. */
export function uuidOf(text: string | Buffer): string {
  const hash = hashOf(text);
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}

const hashOf = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');
