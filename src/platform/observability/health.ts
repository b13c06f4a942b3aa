/** `down`: requests fail. `degraded`: they are answered, but an operator should look at a fault. */
export type Condition = 'ok' | 'degraded' | 'down';

/** What `GET /health` answers. A check is `ok`, or one sentence that says what is wrong. */
export interface Health {
  readonly status: Condition;
  readonly service: string;
  readonly timestamp: string;
  readonly checks: Readonly<Record<string, string>>;
  /** Of the gateway alone: each service of the system. */
  readonly services?: Readonly<Record<string, ServiceHealth>>;
}

/** The health of one service: what it reports, or why it reports nothing. */
export interface ServiceHealth {
  readonly status: Condition;
  readonly checks?: Readonly<Record<string, string>>;
  /** One sentence: why its health is unknown, or why it refuses calls. */
  readonly cause?: string;
}

/**
 * Checks one part. Resolves when it works, throws `Degraded` when it works in part, and any other error when it does
 * not work. A part that is only `watched` never makes the whole worse than degraded.
 */
export interface HealthCheck {
  (): Promise<void>;
  readonly watched?: boolean;
}

/** What a check throws when its part works, but not as it should. The sentence is public: it names no address. */
export class Degraded extends Error {
  constructor(sentence: string) {
    super(sentence);
    this.name = 'Degraded';
  }
}

/** What a check throws when its part does not work and the reason is public. The sentence names no address. */
export class Down extends Error {
  constructor(sentence: string) {
    super(sentence);
    this.name = 'Down';
  }
}

/** The timeout of a check. A gateway waits a little longer, so that it gets a service's report of its parts. */
export const CHECK_MS = 1_500;
const MIN_INTERVAL_MS = 1_000;

export interface Outcome {
  readonly condition: Condition;
  readonly text: string;
}

const NO_ANSWER: Outcome = { condition: 'down', text: 'does not answer' };

/**
 * A check for concurrent callers: a run has a timeout of `ms` milliseconds and begins at most once a second. Other
 * callers get the result of the last run, or wait for the one in flight.
 */
export function sharedCheck(check: HealthCheck, ms = CHECK_MS): HealthCheck {
  return Object.assign(
    sharedCall(() => inTime(check(), ms)),
    { watched: check.watched },
  );
}

/** Shares the runs of any function as `sharedCheck` does. */
export function sharedCall<T>(call: () => Promise<T>): () => Promise<T> {
  let last: { readonly at: number; readonly result: Promise<T>; inFlight: boolean } | undefined;
  return () => {
    if (last && (last.inFlight || performance.now() - last.at < MIN_INTERVAL_MS)) return last.result;
    const result = call();
    const current = { at: performance.now(), result, inFlight: true };
    const ended = (): void => {
      current.inFlight = false;
    };
    result.then(ended, ended);
    last = current;
    return result;
  };
}

/** Rejects when `work` takes longer than `ms` milliseconds. */
export async function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer in ${ms} ms`)), ms);
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Runs the checks concurrently. */
export async function runChecks(checks: Readonly<Record<string, HealthCheck>>): Promise<Record<string, Outcome>> {
  const results = Object.entries(checks).map(async ([name, check]) => [name, await outcomeOf(check)] as const);
  return Object.fromEntries(await Promise.all(results));
}

/** The health of a service from the outcomes of its checks. */
export function healthFrom(
  service: string,
  checks: Readonly<Record<string, HealthCheck>>,
  outcomes: Readonly<Record<string, Outcome>>,
): Health {
  const conditions = Object.entries(outcomes).map(([name, { condition }]) =>
    condition === 'down' && checks[name]?.watched ? 'degraded' : condition,
  );
  return { status: worstOf(conditions), service, timestamp: new Date().toISOString(), checks: textsOf(outcomes) };
}

/** Runs the checks concurrently and returns the health of the service. */
export async function healthOf(service: string, checks: Readonly<Record<string, HealthCheck>>): Promise<Health> {
  return healthFrom(service, checks, await runChecks(checks));
}

/** The sentence of each check. */
export const textsOf = (outcomes: Readonly<Record<string, Outcome>>): Record<string, string> =>
  Object.fromEntries(Object.entries(outcomes).map(([name, { text }]) => [name, text]));

function worstOf(conditions: readonly Condition[]): Condition {
  if (conditions.includes('down')) return 'down';
  return conditions.includes('degraded') ? 'degraded' : 'ok';
}

function outcomeOf(check: HealthCheck): Promise<Outcome> {
  return check().then((): Outcome => ({ condition: 'ok', text: 'ok' }), outcomeOfError);
}

function outcomeOfError(error: unknown): Outcome {
  if (error instanceof Degraded) return { condition: 'degraded', text: error.message };
  if (error instanceof Down) return { condition: 'down', text: error.message };
  // Any other reason is only logged by the part that failed, as this response is public.
  return NO_ANSWER;
}
