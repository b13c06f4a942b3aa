import { randomUUID } from 'node:crypto';

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

const hex = (): string => randomUUID().replaceAll('-', '');

/** The W3C traceparent of a request: the caller's trace with a span of our own, or a new trace. */
export function continueTrace(header: string | string[] | undefined): string {
  const match = typeof header === 'string' ? TRACEPARENT.exec(header) : null;
  if (!match || /^0+$/.test(match[1] ?? '')) return `00-${hex()}-${hex().slice(16)}-01`;
  return `00-${match[1]}-${hex().slice(16)}-${match[3]}`;
}
