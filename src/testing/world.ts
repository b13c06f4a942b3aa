import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { container } from '../container.ts';
import { knownServices, modulesOf, start } from '../platform/app/app.ts';
import { readConfig, type TestEngine } from '../platform/config/config.ts';
import { createLog } from '../platform/observability/log.ts';
import { clientOf, type TestClient } from './client.ts';
import { type TestDatabase, testDatabase } from './databases.ts';
import { duplicateAndReorder } from './duplicate-and-reorder.ts';
import { engine as anyEngine } from './engines.ts';
import { freePort } from './ports.ts';

export interface WorldOptions {
  /** `one`: everything in this process. `each`: every service in a process of its own, behind the gateway's. */
  readonly processes?: 'one' | 'each';
  readonly engine?: TestEngine;
  /** One that the test made and drops; otherwise a copy of the template. */
  readonly database?: TestDatabase;
  /** Goes over the settings of a test. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The whole system on a database of its own. */
export interface World {
  /** The gateway. */
  readonly url: string;
  /** Of the database, for a look at what was really written. */
  readonly databaseUrl: string;
  /** A client without a token. */
  readonly guest: TestClient;
  /** A signed-in client; the account is made at the first call. `admin` is the first account of the system. */
  as(username: string): Promise<TestClient>;
  close(): Promise<void>;
}

export const PASSWORD = 'password123';

/** The username of the first account: `admin` is no name that an account may have. */
export const ADMIN = 'boss';
const nameOf = (username: string): string => (username === 'admin' ? ADMIN : username);

export const WORLD_SETTINGS = {
  DB_DRIVER: 'postgres',
  NODE_ENV: 'test',
  LOG_LEVEL: 'error',
  BCRYPT_COST: '4',
  PORT: '0',
  JWT_SECRET: 'a secret that only tests know',
};

/** Starts a world; `await world.close()` ends it. */
export async function world(options: WorldOptions = {}): Promise<World> {
  const database = options.database ?? (await testDatabase(options.engine ?? anyEngine));
  const env = { ...WORLD_SETTINGS, DATABASE_URL: database.url, ...options.env };
  const system = options.processes === 'each' ? await startEach(env) : await startOne(env);
  const accounts = new Map<string, Promise<TestClient>>();
  const guest = clientOf(system.url);

  async function account(username: string): Promise<TestClient> {
    if (username !== 'admin') await signedIn('admin');
    const { status, body } = await guest.post('/register', { username: nameOf(username), password: PASSWORD });
    if (status !== 201) throw new Error(`could not register ${username}: ${JSON.stringify(body)}`);
    const { token, id } = body as { token: string; id: number };
    return clientOf(system.url, token, id);
  }

  function signedIn(username: string): Promise<TestClient> {
    let client = accounts.get(username);
    if (!client) {
      client = account(username);
      accounts.set(username, client);
    }
    return client;
  }

  return {
    url: system.url,
    databaseUrl: database.url,
    guest,
    as: signedIn,
    async close() {
      await system.close();
      if (!options.database) await database.drop();
    },
  };
}

interface System {
  readonly url: string;
  close(): Promise<void>;
}

const names = modulesOf(container).map(({ contract }) => contract.name);

async function startOne(env: Record<string, string>): Promise<System> {
  const config = readConfig(env, knownServices(container));
  const running = await start({ config, container, log: createLog(config), aroundBus: duplicateAndReorder });
  return { url: running.urls.gateway ?? '', close: running.close };
}

async function startEach(env: Record<string, string>): Promise<System> {
  const ports = new Map<string, number>();
  for (const name of names) ports.set(name, await freePort());
  const where = Object.fromEntries(
    [...ports].flatMap(([name, port]) => [
      [`${name.toUpperCase()}_PORT`, String(port)],
      [`${name.toUpperCase()}_URL`, `http://127.0.0.1:${port}`],
    ]),
  );
  const children = await Promise.all(
    names.map((name) => startChild({ ...env, ...where, SERVICES: name, PORT: String(ports.get('gateway')) })),
  );
  return {
    url: `http://127.0.0.1:${ports.get('gateway')}`,
    async close() {
      await Promise.all(children.map((child) => child.stop()));
    },
  };
}

const COMMAND = fileURLToPath(new URL('../../bin/tradepost.js', import.meta.url));

/** A process of the product, as a person would start it; ready when it has printed its addresses. */
export async function startChild(env: Record<string, string>): Promise<{ pid: number; stop(): Promise<void> }> {
  const child = spawn(process.execPath, [COMMAND, 'start', '--json'], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (text: Buffer) => {
      if (text.includes('"urls"')) resolve();
    });
    void exited.then(() => reject(new Error(`the process of ${env.SERVICES} ended before it was ready`)));
  });
  return {
    pid: child.pid ?? 0,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
