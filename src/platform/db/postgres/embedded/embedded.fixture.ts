import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

/** A program that starts the server and commits row after row, telling each one after its commit. */
export const writer = `
  import pg from ${JSON.stringify(import.meta.resolve('pg'))};
  import { startPostgres } from ${JSON.stringify(new URL('./embedded.ts', import.meta.url).href)};
  const server = await startPostgres({ dataDir: process.argv[1] });
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  let stopping = false;
  process.once('SIGINT', () => (stopping = true));
  await client.query('create table if not exists row (id int)');
  for (let id = 1; !stopping; id++) {
    await client.query('insert into row values ($1)', [id]);
    console.log(id);
  }
  await client.query('select pg_sleep(0.2)');
  console.log('drained');
  await client.end();
  await server.stop();
`;

/** Runs one statement on a connection of its own. */
export async function query(
  server: { url: string },
  sql: string,
  values: unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: server.url });
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query(sql, values)).rows;
  } finally {
    await client.end();
  }
}

/** What `work` resolved to, and the whole milliseconds that it took. */
export async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const started = performance.now();
  return [await work(), Math.round(performance.now() - started)];
}

/** All processes that work in a directory below `root`: a server's do, in its cluster. */
export function processesBelow(root: string): number[] {
  if (process.platform !== 'linux') return [];
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`).startsWith(root);
    } catch {
      return false;
    }
  });
}

/** Kills everything that works below `root` with kill -9. */
export function killBelow(root: string): void {
  for (const pid of processesBelow(root)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself in between.
    }
  }
}

/** Waits until no process works below `root`; resolves to the milliseconds that it took. */
export async function gone(root: string): Promise<number> {
  const started = performance.now();
  while (processesBelow(root).length > 0) {
    if (performance.now() - started > 20_000) throw new Error(`processes are left: ${processesBelow(root)}`);
    await delay(20);
  }
  return performance.now() - started;
}

/** The process id of the server on `dataDir`. */
export function postmaster(dataDir: string): number {
  return Number(readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n')[0]);
}

/** A TCP port of the loopback address that nobody listens on just now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
