import type { Dispatcher } from 'undici';
import { CTX_HEADER } from '../../auth/seal.ts';

/** Headers of one connection (RFC 9110, 7.6.1): they concern the next hop and nobody behind it. */
const OF_THE_CONNECTION = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/**
 * What is not passed on of a request: the host is the service's, the body is whole by now, and only services seal a
 * context, so that a client's word about who it is counts for nothing.
 */
const OWN = ['host', 'content-length', 'expect', 'x-request-id', CTX_HEADER];

/** The headers of a request as they go on, names and values in turn, in their order and as often as they came. */
export function requestHeaders(rawHeaders: readonly string[], requestId: string): string[] {
  const dropped = new Set([...OF_THE_CONNECTION, ...OWN, ...namedIn(valuesOf(rawHeaders, 'connection'))]);
  const passed = rawHeaders.filter((_, index) => !dropped.has(rawHeaders[index - (index % 2)]?.toLowerCase() ?? ''));
  return [...passed, 'x-request-id', requestId, 'via', '1.1 tradepost'];
}

/** The headers of an answer as they go on. */
export function answerHeaders(headers: Dispatcher.ResponseData['headers']): Record<string, string | string[]> {
  const dropped = new Set([...OF_THE_CONNECTION, ...namedIn([headers.connection ?? ''].flat())]);
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
