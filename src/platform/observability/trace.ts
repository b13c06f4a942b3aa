import { randomBytes } from 'node:crypto';

/** Version, trace, span, flags; a trace of zeros is none. */
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
const TRACE_END = '00-'.length + 32 + '-'.length;
const SPAN_END = TRACE_END + 16;

// Random bytes are drawn in blocks: one draw for each span would cost more than the rest of it.
const POOL = 4_096;
let pool = '';
let drawn = 0;

function randomHex(bytes: number): string {
  const from = drawn;
  drawn += 2 * bytes;
  if (drawn <= pool.length) return pool.slice(from, drawn);
  pool = randomBytes(POOL).toString('hex');
  drawn = 0;
  return randomHex(bytes);
}

/** The W3C traceparent of a request: the caller's trace with a span of our own, or a new trace. */
export function continueTrace(header: string | string[] | undefined): string {
  if (typeof header !== 'string' || !TRACEPARENT.test(header)) return `00-${randomHex(16)}-${randomHex(8)}-01`;
  return `${header.slice(0, TRACE_END)}${randomHex(8)}${header.slice(SPAN_END)}`;
}
