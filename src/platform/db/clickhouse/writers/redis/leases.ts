import type { LeaderLocks } from '../../../outbox.ts';
import type { RedisConnection } from './connection.ts';
import { LEAD, RELEASE_LOCK } from './scripts.ts';

/** So long nobody leads after a process died. */
const LEASE_MS = 6_000;
const RENEW_MS = 1_500;
/** Lost here before it ends in Redis: there are never two. */
const SAFE_MS = 4_000;

/** The locks that a process keeps, each a lease that is renewed. */
export function leasesIn(line: RedisConnection, prefix: string, me: string): LeaderLocks & { close(): Promise<void> } {
  const until = new Map<string, number>();
  const keyOf = (name: string): string => `${prefix}:${name}`;
  const holds = (name: string): boolean => (until.get(name) ?? 0) > performance.now();

  async function ask(names: readonly string[], got: (name: string, until: number | undefined) => void): Promise<void> {
    if (names.length === 0) return;
    const sent = performance.now();
    const answer = (await line.run(LEAD, names.map(keyOf), [me, `${LEASE_MS}`])) as number[];
    for (const [n, name] of names.entries()) got(name, answer[n] === 1 ? sent + SAFE_MS : undefined);
  }

  const note = (name: string, end: number | undefined): void => {
    if (end === undefined) until.delete(name);
    else until.set(name, end);
  };

  const renew = () =>
    ask([...until.keys()], (name, end) => {
      // What was given back meanwhile stays so.
      if (until.has(name)) note(name, end);
    });
  const renewing = setInterval(() => void renew().catch(() => undefined), RENEW_MS).unref();

  async function release(names: readonly string[]): Promise<void> {
    for (const name of names) until.delete(name);
    if (names.length > 0) await line.run(RELEASE_LOCK, names.map(keyOf), [me]);
  }

  return {
    holds,
    async claim(names) {
      await ask(
        names.filter((name) => !holds(name)),
        note,
      );
      return new Set(names.filter(holds));
    },
    yield: (name) => release([name]),
    async close() {
      clearInterval(renewing);
      await release([...until.keys()]).catch(() => undefined);
    },
  };
}
