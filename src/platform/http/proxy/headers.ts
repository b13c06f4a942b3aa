import type { Dispatcher } from 'undici';
import { CTX_HEADER } from '../../auth/seal.ts';

/** Hop-by-hop headers (RFC 9110, 7.6.1): they apply to one connection only. */
const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'];

/**
 * Request headers that are not forwarded: the host is the service's, the body is complete by now, and only services may
 * seal a context, so a client's own context header is dropped.
 */
const REPLACED = ['host', 'content-length', 'expect', 'x-request-id', CTX_HEADER];

/** The headers to forward with a request, names and values alternating, in order and with duplicates. */
export function requestHeaders(rawHeaders: readonly string[], requestId: string): string[] {
  const dropped = new Set([...HOP_BY_HOP, ...REPLACED, ...namedIn(valuesOf(rawHeaders, 'connection'))]);
  const passed = rawHeaders.filter((_, index) => !dropped.has(rawHeaders[index - (index % 2)]?.toLowerCase() ?? ''));
  return [...passed, 'x-request-id', requestId, 'via', '1.1 tradepost'];
}

/** The headers to forward with a response. */
export function answerHeaders(headers: Dispatcher.ResponseData['headers']): Record<string, string | string[]> {
  const dropped = new Set([...HOP_BY_HOP, ...namedIn([headers.connection ?? ''].flat())]);
  return Object.fromEntries(
    Object.entries(headers).filter(
      (one): one is [string, string | string[]] => !dropped.has(one[0]) && one[1] !== undefined,
    ),
  );
}

const valuesOf = (rawHeaders: readonly string[], name: string): string[] =>
  rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);

const namedIn = (values: readonly string[]): string[] =>
  values.flatMap((value) => value.split(',')).map((name) => name.trim().toLowerCase());
