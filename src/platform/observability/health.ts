/** `down`: requests fail. `degraded`: they are answered, and something that a person should look at is wrong. */
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

/** What is known of one service: what it says of itself, or why it says nothing. */
export interface ServiceHealth {
  readonly status: Condition;
  readonly checks?: Readonly<Record<string, string>>;
  /** One sentence: why nothing is known of it, or what stands between it and us. */
  readonly cause?: string;
}

/**
 * Looks at one part. Resolves when it is well, throws `Degraded` when it works in part, and anything else when it
 * does not work. A part that is only `watched` never makes the whole worse than degraded.
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

/** What a check throws when its part does not work and everybody may read why. The sentence names no address. */
export class Down extends Error {
  constructor(sentence: string) {
    super(sentence);
    this.name = 'Down';
  }
}

/** So long a part has to answer. A gateway waits a little longer, so that it hears what a service says of its parts. */
export const CHECK_MS = 1_500;
const LOOK_EVERY_MS = 1_000;

export interface Outcome {
  readonly condition: Condition;
  readonly text: string;
}

const SILENT: Outcome = { condition: 'down', text: 'does not answer' };

/**
 * The check for many who ask: a look has `ms` milliseconds, a new one begins at most once a second, and who asks
 * meanwhile gets the answer of the last one, or waits for the one that is under way.
 */
export function shared(check: HealthCheck, ms = CHECK_MS): HealthCheck {
  return Object.assign(
    sharedLook(() => inTime(check(), ms)),
    { watched: check.watched },
  );
}

/** Looks as `shared` does, at anything. */
export function sharedLook<T>(look: () => Promise<T>): () => Promise<T> {
  let last: { readonly at: number; readonly answer: Promise<T>; underWay: boolean } | undefined;
  return () => {
    if (last && (last.underWay || performance.now() - last.at < LOOK_EVERY_MS)) return last.answer;
    const answer = look();
    const current = { at: performance.now(), answer, underWay: true };
    const ended = (): void => {
      current.underWay = false;
    };
    answer.then(ended, ended);
    last = current;
    return answer;
  };
}

/** Rejects when something takes longer than it may. */
export async function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer in ${ms} ms`)), ms);
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Runs the checks side by side. */
export async function examine(checks: Readonly<Record<string, HealthCheck>>): Promise<Record<string, Outcome>> {
  const results = Object.entries(checks).map(async ([name, check]) => [name, await outcomeOf(check)] as const);
  return Object.fromEntries(await Promise.all(results));
}

/** The health of a service by the outcomes of its checks. */
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

/** Runs the checks side by side, and says how the service is. */
export async function healthOf(service: string, checks: Readonly<Record<string, HealthCheck>>): Promise<Health> {
  return healthFrom(service, checks, await examine(checks));
}

/** What is said of each check. */
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
  // Any other reason stays in the log of the part that failed: this answer is public.
  return SILENT;
}
