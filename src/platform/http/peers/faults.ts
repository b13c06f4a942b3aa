import type { AppError } from '../../contract/errors.ts';
import { unavailable } from '../../contract/errors.ts';

/** Sentences by the code of a network error. */
const NETWORK: readonly [RegExp, string][] = [
  [/^ECONNREFUSED$/, 'refuses the connection: nothing listens at its address'],
  [
    /^UND_ERR_CONNECT_TIMEOUT$|^ETIMEDOUT$|^FST_REPLY_FROM_CONNECT_TIMEOUT$/,
    'cannot be reached: connecting took too long',
  ],
  [/^EHOSTUNREACH$|^ENETUNREACH$|^EHOSTDOWN$/, 'cannot be reached: there is no way to its address'],
  [/^ENOTFOUND$|^EAI_AGAIN$/, 'cannot be reached: the name in its address is not known'],
  [/TIMEOUT|^TimeoutError$|^23$/, 'did not answer in time'],
  [/CERT|^UNABLE_TO_|SELF_SIGNED/, 'shows a certificate that is not trusted'],
  [/^ERR_TLS|^ERR_SSL|^EPROTO$/, 'speaks no TLS, or another version of it, where its address begins with https'],
  [/^HPE_|^HTTPParserError$/, 'answers something that is not HTTP'],
  [/^UND_ERR_(RES|REQ)_CONTENT_LENGTH_MISMATCH$/, 'ended its answer in the middle'],
  [/^ECONNRESET$|^EPIPE$|^UND_ERR_SOCKET$/, 'ended the connection before its answer was complete'],
];

/**
 * Why a request to another process failed, as the end of a sentence that begins with the service's name. It is public,
 * so it names no address and quotes nothing from the error.
 */
export function networkFault(error: unknown): string {
  for (let one = error, depth = 0; one instanceof Error && depth < 5; one = one.cause, depth++) {
    const { code = one.name } = one as { code?: unknown; name: string };
    const known = NETWORK.find(([pattern]) => pattern.test(String(code)));
    if (known) return known[1];
    if (one instanceof AggregateError && one.errors.length > 0) return networkFault(one.errors[0]);
  }
  return 'does not answer';
}

/** A fault between processes: 503 for the client, and the sentence for the log. */
export function peerFault(service: string, sentence: string, cause?: unknown): AppError {
  return unavailable(`${service} ${sentence}`, cause);
}
