/** `down`: requests fail. `degraded`: they are answered, and something that a person should look at is wrong. */
export type Condition = 'ok' | 'degraded' | 'down';

/** What `GET /health` answers. A check is `ok`, or one sentence that says what is wrong. */
export interface Health {
  readonly status: Condition;
  readonly service: string;
  readonly timestamp: string;
  readonly checks: Readonly<Record<string, string>>;
}

/**
 * Looks at one part. Resolves when it is well, throws `Degraded` when it works in part, and anything else when it
 * does not work. A part that is only `watched` never makes the whole worse than degraded.
 */
export interface Check {
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

const TIMEOUT_MS = 2_000;

interface Outcome {
  readonly condition: Condition;
  readonly text: string;
}

const SILENT: Outcome = { condition: 'down', text: 'does not answer' };

/** Runs the checks side by side; one that takes longer than two seconds counts as down. */
export async function healthOf(service: string, checks: Readonly<Record<string, Check>>): Promise<Health> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await outcomeOf(check)] as const),
  );
  const conditions = results.map(([name, { condition }]) =>
    condition === 'down' && checks[name]?.watched ? 'degraded' : condition,
  );
  return {
    status: worstOf(conditions),
    service,
    timestamp: new Date().toISOString(),
    checks: Object.fromEntries(results.map(([name, { text }]) => [name, text])),
  };
}

function worstOf(conditions: readonly Condition[]): Condition {
  if (conditions.includes('down')) return 'down';
  return conditions.includes('degraded') ? 'degraded' : 'ok';
}

async function outcomeOf(check: Check): Promise<Outcome> {
  const { promise: late, resolve } = Promise.withResolvers<Outcome>();
  const timer = setTimeout(() => resolve(SILENT), TIMEOUT_MS);
  const result = check().then((): Outcome => ({ condition: 'ok', text: 'ok' }), outcomeOfError);
  return Promise.race([result, late]).finally(() => clearTimeout(timer));
}

function outcomeOfError(error: unknown): Outcome {
  if (error instanceof Degraded) return { condition: 'degraded', text: error.message };
  if (error instanceof Down) return { condition: 'down', text: error.message };
  // Any other reason stays in the log of the part that failed: this answer is public.
  return SILENT;
}
