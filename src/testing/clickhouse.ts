import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { testClickHouse, testTier } from '../platform/config/config.ts';

/** ClickHouse behind HTTP, for tests. */
export interface TestClickHouse {
  readonly name: string;
  readonly port: number;
  readonly password: string;
}

const PROGRAM = fileURLToPath(new URL('./clickhouse-endpoint.ts', import.meta.url));

/** Whether the engine in the process can be had: its package is nobody's dependency. */
export function hasChdb(): boolean {
  try {
    createRequire(import.meta.url).resolve('chdb/connection');
    return true;
  } catch {
    return false;
  }
}

/** Whether suites run on ClickHouse: where the engine is, and not in the first tier, which needs Node alone. */
export const usesClickHouse = (): boolean => testTier() !== 'first' && hasChdb();

/** The server of compose.yaml, where it runs. */
const SERVER = { port: 18_123, password: 'tradepost' };

/** A ClickHouse server that answers where compose.yaml puts one. */
export async function runningServer(): Promise<TestClickHouse | undefined> {
  const url = `http://127.0.0.1:${SERVER.port}/?query=select+version()`;
  const authorization = `Basic ${Buffer.from(`default:${SERVER.password}`).toString('base64')}`;
  const answer = await fetch(url, { headers: { authorization } }).catch(() => undefined);
  return answer?.ok ? { name: `ClickHouse server ${(await answer.text()).trim()}`, ...SERVER } : undefined;
}

/** chDB behind HTTP, in a process that runs. */
export interface ClickHouseEndpoint {
  readonly engine: TestClickHouse;
  readonly pid: number;
  stop(): Promise<void>;
  /** Nobody waits for it: it goes with the process that started it. */
  leave(): void;
}

let shared: Promise<TestClickHouse> | undefined;

/** The ClickHouse behind HTTP of all test files; one that is run by itself gets its own, which ends with it. */
export function theEndpoint(): Promise<TestClickHouse> {
  const given = testClickHouse();
  shared ??= given ? Promise.resolve(given) : ownEndpoint();
  return shared;
}

async function ownEndpoint(): Promise<TestClickHouse> {
  const { engine, leave } = await startEndpoint();
  leave();
  return engine;
}

/** Starts chDB behind HTTP in a process of its own, with data that go with it. */
export async function startEndpoint(): Promise<ClickHouseEndpoint> {
  const root = mkdtempSync(join(tmpdir(), 'tradepost-clickhouse-'));
  const password = randomBytes(8).toString('hex');
  const child = spawn(process.execPath, [PROGRAM, join(root, 'data'), password], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.once('data', (line: Buffer) => resolve(Number(line.toString())));
    void exited.then(() => reject(new Error('chDB behind HTTP ended before it was ready')));
  });
  return {
    engine: { name: 'chDB behind HTTP', port, password },
    pid: child.pid ?? 0,
    async stop() {
      child.stdin.end();
      await exited;
      rmSync(root, { recursive: true, force: true });
    },
    leave() {
      child.unref();
      for (const stream of [child.stdin, child.stdout]) (stream as Socket).unref();
      process.once('exit', () => {
        child.kill();
        rmSync(root, { recursive: true, force: true });
      });
    },
  };
}
