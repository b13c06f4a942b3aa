/** What `GET /health` answers. */
export interface Health {
  readonly status: 'ok' | 'unavailable';
  readonly service: string;
  readonly timestamp: string;
  readonly checks: Readonly<Record<string, string>>;
}

export type Check = () => Promise<void>;

const PATIENCE_MS = 2_000;

/** Runs the checks side by side; one that fails or takes longer than two seconds makes the whole unavailable. */
export async function healthOf(service: string, checks: Readonly<Record<string, Check>>): Promise<Health> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await outcome(check)] as const),
  );
  const status = results.every(([, result]) => result === 'ok') ? 'ok' : 'unavailable';
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
