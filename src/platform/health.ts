/** What `GET /health` answers. */
export interface Health {
  readonly status: 'ok' | 'unavailable';
  readonly service: string;
  readonly timestamp: string;
  readonly checks: Readonly<Record<string, string>>;
}

/** Throws when a part does not answer. One that is only `watched` is told, and makes nothing unavailable. */
export interface Check {
  (): Promise<void>;
  readonly watched?: boolean;
}

const PATIENCE_MS = 2_000;

/**
 * Runs the checks side by side; one that fails or takes longer than two seconds makes the
 * whole unavailable, unless the service can go on without it for a while.
 */
export async function healthOf(service: string, checks: Readonly<Record<string, Check>>): Promise<Health> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await outcome(check)] as const),
  );
  const needed = results.filter(([name]) => !checks[name]?.watched);
  const status = needed.every(([, result]) => result === 'ok') ? 'ok' : 'unavailable';
  return { status, service, timestamp: new Date().toISOString(), checks: Object.fromEntries(results) };
}

async function outcome(check: Check): Promise<string> {
  const { promise: late, resolve } = Promise.withResolvers<string>();
  const timer = setTimeout(() => resolve('does not answer'), PATIENCE_MS);
  // The reason stays in the log of the part that failed: this answer is public.
  const result = check().then(
    () => 'ok',
    () => 'does not answer',
  );
  return Promise.race([result, late]).finally(() => clearTimeout(timer));
}
