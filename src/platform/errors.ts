/**
 * The errors that may leave a process. A domain error is declared once, in a contract, with its kind and its
 * sentence; the kind alone decides the HTTP status (RFC 9110), so no domain file ever mentions a status.
 */

/** What kind of failure it is; `STATUS` maps it to HTTP. */
export type Kind = keyof typeof STATUS;

export const STATUS = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  timeout: 408,
  conflict: 409,
  too_large: 413,
  unsupported_media: 415,
  unprocessable: 422,
  too_many: 429,
  headers_too_large: 431,
  unavailable: 503,
} as const;

/** One thing that is wrong with the input: a JSON pointer into the body, and a sentence. */
export interface InputFault {
  readonly pointer: string;
  readonly detail: string;
}

interface AppErrorOptions {
  readonly faults?: readonly InputFault[];
  readonly retryAfterSeconds?: number;
  readonly details?: object;
  readonly cause?: unknown;
}

/** An error whose text a client may read. Anything else that is thrown becomes a 500 with a fixed text. */
export class AppError extends Error {
  readonly code: string;
  readonly kind: Kind;
  readonly faults: readonly InputFault[] | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly details: object | undefined;

  constructor(code: string, kind: Kind, message: string, options: AppErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.kind = kind;
    this.faults = options.faults;
    this.details = options.details;
    this.retryAfterSeconds = options.retryAfterSeconds ?? (kind === 'unavailable' ? 1 : undefined);
  }

  get status(): number {
    return STATUS[this.kind];
  }
}

type Sentence = string | ((details: never) => string);
type Declared = Record<string, readonly [Kind, Sentence]>;
type Raise<S> = S extends (details: infer D extends object) => string ? (details: D) => AppError : () => AppError;

/** The catalogue entry of a declared error, for `docs/generated/errors.md`. */
export interface ErrorEntry {
  readonly code: string;
  readonly kind: Kind;
}

export type Errors<T extends Declared> = { readonly [K in keyof T]: Raise<T[K][1]> & ErrorEntry };

/**
 * Declares the errors of one service: `errors('ORDER', { NOT_FOUND: ['not_found', 'order not found'] })`.
 * Each becomes a function that makes the error; a sentence that needs facts is a function of them, and those
 * facts travel in the problem document.
 */
export function errors<const T extends Declared>(prefix: string, declared: T): Errors<T> {
  const made = Object.entries(declared).map(([name, [kind, sentence]]) => {
    const code = `${prefix}_${name}`;
    const raise = (details?: object): AppError => {
      const text = typeof sentence === 'string' ? sentence : (sentence as (d?: object) => string)(details);
      return new AppError(code, kind, text, { details });
    };
    return [name, Object.assign(raise, { code, kind })];
  });
  return Object.fromEntries(made) as Errors<T>;
}

/** Errors that every service may raise. */
export const common = errors('TRADEPOST', {
  UNAUTHENTICATED: ['unauthenticated', 'a valid access token is needed'],
  FORBIDDEN: ['forbidden', 'your role does not allow this'],
  SCOPE_MISSING: ['forbidden', ({ scope }: { scope: string }) => `this token was not granted the scope ${scope}`],
  NOT_FOUND: ['not_found', 'there is nothing at this address'],
  STALE: ['conflict', 'somebody else changed this at the same moment; read it again and repeat'],
  KEY_REUSED: ['unprocessable', 'this Idempotency-Key was used before with another request'],
  BAD_KEY: ['invalid', 'Idempotency-Key takes 1 to 255 visible ASCII characters'],
  BAD_CURSOR: ['invalid', 'this cursor was not made by this list'],
  AMOUNT_TOO_LARGE: ['invalid', 'the amount is larger than can be counted exactly'],
  DEAD_LETTER_NOT_FOUND: ['not_found', 'dead letter not found'],
  DEAD_LETTER_FAILS: ['conflict', ({ reason }: { reason: string }) => `it still cannot be handled: ${reason}`],
  UNAVAILABLE: ['unavailable', 'a part that this needs does not answer; try again in a moment'],
});

/** Bad input, with a pointer to each place. */
export function invalid(message: string, faults?: readonly InputFault[]): AppError {
  return new AppError('TRADEPOST_INVALID', 'invalid', message, { faults });
}
