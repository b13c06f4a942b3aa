import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres, systemBinaries } from '../src/platform/db/postgres/embedded/embedded.ts';
import { freePort } from '../src/testing/ports.ts';

/** The product and the PostgreSQL server under it, for one run of the bench. */
export interface Bench {
  readonly url: string;
  readonly databaseUrl: string;
  readonly postgres: string;
  readonly nodePid: number;
  readonly postgresPid: number;
  readonly dataDir: string;
  close(): Promise<void>;
}

/** A server with fsync and synchronous_commit on, the system's when there is one, and the product as one process on it. */
export async function startBench(env: Readonly<Record<string, string>> = {}): Promise<Bench> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tradepost-bench-'));
  const binaries = systemBinaries();
  const server = await startPostgres({
    dataDir,
    binaries,
    port: await freePort(),
    password: 'only-for-the-bench',
    settings: { max_connections: '300', shared_buffers: '256MB' },
  });
  const product = await startProduct({ DB_DRIVER: 'postgres', DATABASE_URL: server.url, ...env });
  return {
    url: product.url,
    databaseUrl: server.url,
    postgres: `PostgreSQL ${server.version} (${binaries ? 'of the system' : 'from npm'}), fsync on, synchronous_commit on`,
    nodePid: product.pid,
    postgresPid: server.pid,
    dataDir,
    async close() {
      await product.stop();
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export interface Product {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts the product as `npm start` does, with its log kept away from the figures. */
export async function startProduct(env: Record<string, string>): Promise<Product> {
  const child = spawn(process.execPath, [...nodeFlags(), 'bin/tradepost.js', 'start', '--json'], {
    env: {
      PATH: process.env.PATH,
      LOG_LEVEL: 'warn',
      PORT: '0',
      JWT_SECRET: 'only for the bench, never elsewhere',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const line = text.split('\n').find((one) => one.includes('"urls"'));
      if (line) resolve((JSON.parse(line) as { urls: { gateway: string } }).urls.gateway);
    });
    child.once('exit', () => reject(new Error('the product ended before it was ready')));
  });
  return {
    url,
    pid: child.pid ?? 0,
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGTERM');
      }),
  };
}

/** The flags of `npm start`, so that the bench measures what a user runs. */
function nodeFlags(): string[] {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: { start: string } };
  return scripts.start.split(' ').filter((word) => word.startsWith('--'));
}
