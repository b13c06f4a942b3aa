import { randomBytes } from 'node:crypto';

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

// Random bytes are drawn in blocks: one draw for each span would cost more than the rest of it.
const POOL = 4_096;
let pool = Buffer.alloc(0);

function randomHex(bytes: number): string {
  if (pool.length < bytes) pool = randomBytes(POOL);
  const drawn = pool.toString('hex', 0, bytes);
  pool = pool.subarray(bytes);
  return drawn;
}

/** The W3C traceparent of a request: the caller's trace with a span of our own, or a new trace. */
export function continueTrace(header: string | string[] | undefined): string {
  const match = typeof header === 'string' ? TRACEPARENT.exec(header) : null;
  if (!match || /^0+$/.test(match[1] ?? '')) return `00-${randomHex(16)}-${randomHex(8)}-01`;
  return `00-${match[1]}-${randomHex(8)}-${match[3]}`;
}
