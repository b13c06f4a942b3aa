/**
 * The errors that a client may receive. A domain error is declared once, in a contract, with its kind and its sentence;
 * the kind alone decides the HTTP status (RFC 9110), so no domain file mentions a status.
 */

/** What kind of failure it is; `STATUS` maps it to HTTP. */
export type Kind = keyof typeof STATUS;

export const STATUS = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  timeout: 408,
  conflict: 409,
  precondition_failed: 412,
  too_large: 413,
  uri_too_long: 414,
  unsupported_media: 415,
  expectation_failed: 417,
  unprocessable: 422,
  too_many: 429,
  headers_too_large: 431,
  not_implemented: 501,
  unavailable: 503,
  version_not_supported: 505,
} as const;

/** The default remedy of each kind. */
export const REMEDY: Readonly<Record<Kind, string>> = {
  invalid: 'Change what the sentence names, and send the request again.',
  unauthenticated: 'Sign in with POST /login, and send its token as `Authorization: Bearer …`.',
  forbidden: 'Ask somebody whose role allows it.',
  not_found: 'Check the address and the id; a list of what there is for you has its own operation.',
  timeout: 'Send the request again, on a better connection or in smaller parts.',
  conflict: 'Read the current state and decide again: this request does not fit it.',
  precondition_failed: 'Read it again, and send the change with its new ETag if it is still wanted.',
  too_large: 'Send less in one request.',
  method_not_allowed: 'Use a method that the Allow header names.',
  uri_too_long: 'Send a shorter address; what is long belongs into a body.',
  expectation_failed: 'Leave the Expect header out.',
  not_implemented: 'Use a method that /docs names.',
  unsupported_media: 'Send JSON, with `Content-Type: application/json`.',
  unprocessable: 'Send the request as it was, or with another key.',
  too_many: 'Wait as long as Retry-After says, and send the request again.',
  headers_too_large: 'Send fewer or shorter headers.',
  version_not_supported: 'Send HTTP/1.1.',
  unavailable: 'Wait as long as Retry-After says, and send the request again.',
};

/** One fault of the input: a JSON pointer into the body, and a sentence. */
export interface InputFault {
  readonly pointer: string;
  readonly detail: string;
  /** The part of the request when it is not the body; the pointer then names the parameter. */
  readonly in?: 'query' | 'path';
}

interface AppErrorOptions {
  readonly faults?: readonly InputFault[];
  readonly retryAfterSeconds?: number;
  readonly details?: object;
  readonly cause?: unknown;
  /** What to do about it; by default the remedy of its kind. */
  readonly remedy?: string;
}

/** An error whose text a client may read. Anything else that is thrown becomes a 500 with a fixed text. */
export class AppError extends Error {
  readonly code: string;
  readonly kind: Kind;
  readonly faults: readonly InputFault[] | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly details: object | undefined;
  readonly remedy: string;

  constructor(code: string, kind: Kind, message: string, options: AppErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.kind = kind;
    this.faults = options.faults;
    this.details = options.details;
    this.remedy = options.remedy ?? REMEDY[kind];
    this.retryAfterSeconds = options.retryAfterSeconds ?? (kind === 'unavailable' ? 1 : undefined);
  }

  get status(): number {
    return STATUS[this.kind];
  }
}

type Sentence = string | ((details: never) => string);
/** Kind, sentence, and what to do about it. */
type Declarations = Record<string, readonly [Kind, Sentence, string?]>;
type Raise<S> = S extends (details: infer D extends object) => string ? (details: D) => AppError : () => AppError;

/** The catalogue entry of a declared error, for `docs/generated/errors.md`. */
export interface ErrorEntry {
  readonly code: string;
  readonly kind: Kind;
  readonly remedy: string | undefined;
}

export type Errors<T extends Declarations> = { readonly [K in keyof T]: Raise<T[K][1]> & ErrorEntry };

/**
 * Declares the errors of one service: `errors('ORDER', { NOT_FOUND: ['not_found', 'order not found', 'Check the id.'] })`.
 * Each becomes a function that makes the error; a sentence with facts is a function of them, and those facts are
 * fields of the problem document; `retry_after`, in seconds, is the header Retry-After too. The third part is the remedy.
 */
export function errors<const T extends Declarations>(prefix: string, declared: T): Errors<T> {
  const made = Object.entries(declared).map(([name, [kind, sentence, remedy]]) => {
    const code = `${prefix}_${name}`;
    const raise = (details?: object): AppError => {
      const text = typeof sentence === 'string' ? sentence : (sentence as (d?: object) => string)(details);
      const { retry_after: retryAfterSeconds } = (details ?? {}) as { retry_after?: number };
      return new AppError(code, kind, text, { details, remedy, retryAfterSeconds });
    };
    return [name, Object.assign(raise, { code, kind, remedy })];
  });
  return Object.fromEntries(made) as Errors<T>;
}

/** Errors that every service may raise. */
export const common = errors('TRADEPOST', {
  INVALID: [
    'invalid',
    'names what is wrong with the request',
    'Change what the field `errors` names: each has a pointer to its place, and a sentence.',
  ],
  UNAUTHENTICATED: [
    'unauthenticated',
    'a valid access token is needed',
    'Sign in with POST /login, or renew the token with POST /auth/token, and send `Authorization: Bearer …`.',
  ],
  SEAL_REFUSED: [
    'unauthenticated',
    (_why: { reason: string; seconds?: number }) => 'this call between processes was not taken',
    'Give all processes the same SERVICE_SECRET and set their clocks; the logs of both sides name the cause.',
  ],
  FORBIDDEN: [
    'forbidden',
    'your role does not allow this',
    'Ask somebody who has the role; an admin can change yours with PUT /users/{user_id}/role.',
  ],
  SCOPE_MISSING: [
    'forbidden',
    ({ scope }: { scope: string }) => `this token was not granted the scope ${scope}`,
    'Ask for a token with this scope; whoever runs the shop decides which scopes a client may have.',
  ],
  NOT_FOUND: [
    'not_found',
    'there is nothing at this address',
    'Look the address up at /docs; every operation is there with its method and path.',
  ],
  STALE: [
    'conflict',
    'somebody else changed this at the same moment; read it again and repeat',
    'Read it again, and send the change again if it is still wanted.',
  ],
  PRECONDITION_FAILED: [
    'precondition_failed',
    'this is not as you have read it: its ETag is another than your condition says',
    'Read it again with GET, look at what has changed, and send the change with the new ETag in If-Match if it is still wanted.',
  ],
  BAD_ETAG: [
    'invalid',
    'If-Match takes * or ETags in double quotes, separated by commas',
    'Send the header ETag of the answer as it is, with its quotes.',
  ],
  KEY_REUSED: [
    'unprocessable',
    'this Idempotency-Key was used before with another request',
    'Take a new key for a new request; the old one belongs to the request that it came with first.',
  ],
  BAD_KEY: [
    'invalid',
    'Idempotency-Key takes 1 to 255 visible ASCII characters, without spaces, and stands in a request once',
    'Send a UUID, for example.',
  ],
  BAD_CURSOR: [
    'invalid',
    'this cursor was not made by this list with this filter',
    'Begin without a cursor, and go on with the address in the Link header of each page as it is.',
  ],
  AMOUNT_TOO_LARGE: [
    'invalid',
    'the amount is larger than can be counted exactly',
    'Take a smaller quantity or price; an order takes up to 5,000,000,000,000,000 of the smallest unit of its currency.',
  ],
  EVENT_TOO_LARGE: [
    'too_large',
    ({ type, bytes, most }: { type: string; bytes: number; most: number }) =>
      `this would be announced as ${type} with ${bytes} bytes, and an event takes ${most}`,
    'Send fewer items or shorter texts.',
  ],
  DEAD_LETTER_NOT_FOUND: [
    'not_found',
    'dead letter not found',
    'List them with GET /dead-letters/{service}: another person may have replayed or discarded it.',
  ],
  DEAD_LETTER_FAILS: [
    'conflict',
    ({ reason }: { reason: string }) => `it still cannot be handled: ${reason}`,
    'Remove the cause that the sentence names, then replay it again; or discard it for good.',
  ],
  TOO_MANY_REQUESTS: [
    'too_many',
    ({ retry_after }: { retry_after: number }) => `too many requests; wait ${retry_after} s`,
    REMEDY.too_many,
  ],
  BUSY: [
    'unavailable',
    'too many of these are being made at the moment',
    'Wait as long as Retry-After says, and repeat.',
  ],
  UNAVAILABLE: [
    'unavailable',
    'a part that this needs does not answer; try again in a moment',
    'Wait as long as Retry-After says and repeat; /health names the part. With an Idempotency-Key nothing happens twice.',
  ],
  TOO_SLOW: [
    'unavailable',
    'this took too long and was stopped; try again in a moment',
    'Wait as long as Retry-After says and repeat; ask for less at once where that is possible. With an Idempotency-Key nothing happens twice.',
  ],
  BODY_TOO_LARGE: [
    'too_large',
    'the body is larger than this operation takes, which is 64 kB unless its description at /docs says more',
    'Send less in one request: split a list into several requests.',
  ],
  MEDIA_TYPE: ['unsupported_media', 'the body must be application/json', REMEDY.unsupported_media],
  CHARSET: [
    'unsupported_media',
    'the body must be UTF-8',
    'Send UTF-8, and no `charset` in Content-Type: JSON is always UTF-8.',
  ],
  CONTENT_ENCODING: [
    'unsupported_media',
    'the body must not be compressed',
    'Send the body as it is, without Content-Encoding.',
  ],
  METHOD_NOT_ALLOWED: [
    'method_not_allowed',
    ({ allow }: { allow: string }) => `this address takes only ${allow}`,
    REMEDY.method_not_allowed,
  ],
  METHOD_UNKNOWN: ['not_implemented', 'no operation supports this method', REMEDY.not_implemented],
  TRANSFER_CODING: [
    'not_implemented',
    'Transfer-Encoding may only be chunked',
    'Send the body in chunks or with Content-Length, and not compressed.',
  ],
  HTTP_VERSION: ['version_not_supported', 'only HTTP/1.1 and HTTP/1.0 are supported', REMEDY.version_not_supported],
  EXPECTATION: ['expectation_failed', 'Expect may only be 100-continue', REMEDY.expectation_failed],
  URI_TOO_LONG: [
    'uri_too_long',
    'the address is longer than 8 KB',
    'Send a shorter address; what is long belongs into a body.',
  ],
  HEADERS_TOO_LARGE: [
    'headers_too_large',
    'the headers are too large',
    'Send fewer or shorter headers; all of them together may have 16 KB.',
  ],
  TIMEOUT: ['timeout', 'the request did not arrive in time', REMEDY.timeout],
});

/** Whether this is that declared error. */
export function isError(error: unknown, { code }: Pick<ErrorEntry, 'code'>): boolean {
  return error instanceof AppError && error.code === code;
}

/** An internal fault: the client gets UNAVAILABLE and should retry; the reason is logged. */
export function unavailable(reason: string, cause?: unknown): AppError {
  return Object.assign(common.UNAVAILABLE(), { cause: new Error(reason, { cause }) });
}

/** Bad input, with a pointer to each place. */
export function invalid(message: string, faults?: readonly InputFault[]): AppError {
  const { code, kind, remedy } = common.INVALID;
  return new AppError(code, kind, message, { faults, remedy });
}
