import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { chooseAccount, giveTo, type OsAccount, spawnAs } from './account.ts';
import { type Binaries, findBinaries } from './binaries.ts';
import { checkCluster, ensureCluster } from './cluster.ts';
import { DEFAULT_PORT, firstContact, isNotReady, isStartingUp, publicUrl } from './contact.ts';
import { openLog, type ServerLog } from './log.ts';
import { stopOrphan } from './orphan.ts';
import { DatabaseLost, type RestartHooks, supervise } from './restart.ts';
import { createSocketDirectory, removeSocketDirectory } from './socket.ts';

export { type Binaries, findBinaries, systemBinaries } from './binaries.ts';

export interface EmbeddedPostgresOptions {
  /** The cluster is created below it as `postgres/`, beside `postgres.log`. The caller holds its lock. */
  readonly dataDir: string;
  /** Default: those that came with npm. */
  readonly binaries?: Binaries;
  /** When given, also listens on 127.0.0.1 at this port and asks for `password`; else on a private socket only. */
  readonly port?: number;
  readonly password?: string;
  /** Server settings that go over the defaults, for this run only. */
  readonly settings?: Readonly<Record<string, string>>;
  /** When given, a server that ends without `stop` is started again at the same place. */
  readonly restart?: RestartHooks;
  /** Called when the server ends without `stop` and is not started again; `code` is null when a signal ended it. */
  readonly onExit?: (code: number | null) => void;
  /** Told what takes long: creating the cluster, stopping an orphan, recovering after a crash. */
  readonly progress?: (text: string) => void;
}

export interface EmbeddedPostgres {
  /** For node-postgres; names the database `tradepost`. */
  readonly url: string;
  readonly pid: number;
  /** Such as `18.4`. */
  readonly version: string;
  /** Ends all sessions and stops the server; resolves once no process of it remains. */
  stop(): Promise<void>;
}

interface Setup {
  readonly options: EmbeddedPostgresOptions;
  readonly dataDir: string;
  readonly cluster: string;
  readonly sockets: string;
  readonly binaries: Binaries;
  readonly identity: OsAccount;
  readonly log: ServerLog;
  readonly progress: (text: string) => void;
}

interface Server {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  running: boolean;
}

const START_WITHIN_MS = 60_000;
const ASK_EVERY_MS = 15;
const TELL_EVERY_MS = 2_000;
// What a server says that came too early: its killed predecessor, or a part of it, is not gone yet.
const TOO_EARLY = /lock file ".*" already exists|pre-existing shared memory block/;
// Fast shutdown, then immediate, and the patience with each in milliseconds.
const STOPPING: [NodeJS.Signals, number][] = [
  ['SIGINT', 10_000],
  ['SIGQUIT', 10_000],
  ['SIGKILL', 0],
];

/**
 * Starts PostgreSQL as a child process on a directory of its own, created at the first start, and resolves when it
 * answers. It dies with the thread that called (on Linux by the kernel's hand; elsewhere the next start stops what was
 * left), so call it from the main one.
 * Throws an Error that says what to do, or that ends with what the server said, when it does not answer in 60 s.
 */
export async function startPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const setup = await prepare(options);
  try {
    await ensureCluster(setup);
    const { server, version } = await launch(setup);
    return watched(setup, server, version);
  } catch (error) {
    cleanUp(setup);
    throw error;
  }
}

function watched(setup: Setup, first: Server, version: string): EmbeddedPostgres {
  const { options, dataDir } = setup;
  const stopping = new AbortController();
  let server = first;
  const onSpawn = (next: Server): void => {
    server = next;
    // It was asked to stop while this one was on its way.
    if (stopping.signal.aborted) server.child.kill('SIGINT');
  };
  const relaunch = async (): Promise<Server> => {
    if (!existsSync(join(setup.cluster, 'PG_VERSION'))) {
      throw new DatabaseLost(`The database in ${setup.cluster} is not there any more.`);
    }
    await stopOrphan(setup.cluster, setup.progress);
    return (await launch(setup, onSpawn)).server;
  };
  const hooks = options.restart;
  const ended = hooks
    ? supervise(first, { launch: relaunch, dataDir, stopped: stopping.signal, hooks })
    : first.exited.then((code) => {
        if (!stopping.signal.aborted) options.onExit?.(code);
      });
  void ended.finally(() => cleanUp(setup));
  return {
    url: publicUrl(setup),
    get pid() {
      return server.child.pid ?? 0;
    },
    version,
    async stop() {
      stopping.abort();
      await stopServer(server);
      await ended;
      // One more may have been started in between.
      await stopServer(server);
    },
  };
}

async function prepare(options: EmbeddedPostgresOptions): Promise<Setup> {
  if (options.port !== undefined && !options.password) throw new Error('A database on a port needs a password.');
  const binaries = options.binaries ?? findBinaries();
  const progress = options.progress ?? (() => {});
  mkdirSync(resolve(options.dataDir), { recursive: true });
  const dataDir = realpathSync(options.dataDir);
  const cluster = join(dataDir, 'postgres');
  checkCluster(cluster, binaries);
  await stopOrphan(cluster, progress);
  const sockets = createSocketDirectory(dataDir);
  try {
    const identity = chooseAccount([dataDir, dirname(sockets), binaries.postgres]);
    giveTo(identity, sockets);
    const log = openLog(join(dataDir, 'postgres.log'));
    return { options, dataDir, cluster, sockets, binaries, identity, log, progress };
  } catch (error) {
    removeSocketDirectory(dataDir);
    throw error;
  }
}

function cleanUp(setup: Setup): void {
  setup.log.close();
  removeSocketDirectory(setup.dataDir);
}

/** Starts the server until one start succeeds: the one before may take a moment to vanish after a kill -9. */
async function launch(
  setup: Setup,
  onSpawn: (server: Server) => void = () => {},
): Promise<{ server: Server; version: string }> {
  const deadline = performance.now() + START_WITHIN_MS;
  for (;;) {
    const mark = setup.log.mark();
    const server = spawnServer(setup);
    onSpawn(server);
    try {
      const version = await untilReady(setup, server, deadline);
      if (version !== undefined) return { server, version };
    } catch (error) {
      await stopServer(server);
      throw error;
    }
    const said = setup.log.since(mark).trim();
    if (!TOO_EARLY.test(said) || performance.now() > deadline) {
      throw new Error(`PostgreSQL did not start; it said (see ${setup.log.file}):\n${said}`);
    }
    setup.progress('Waiting for the end of an earlier database server');
    await stopOrphan(setup.cluster, setup.progress);
    await delay(100);
  }
}

function spawnServer(setup: Setup): Server {
  const settings = Object.entries(serverSettings(setup)).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const command = [setup.binaries.postgres, '-D', setup.cluster, ...settings];
  const child = spawnAs(setup.identity, command, ['ignore', setup.log.fd, setup.log.fd]);
  // Where the kernel does not stop the server with us, an orderly exit still can.
  const interrupt = () => child.kill('SIGINT');
  process.once('exit', interrupt);
  const server: Server = { child, running: true, exited: exitOf(child) };
  void server.exited.then(() => {
    server.running = false;
    process.off('exit', interrupt);
  });
  return server;
}

function serverSettings({ options, sockets }: Setup): Record<string, string> {
  return {
    listen_addresses: options.port === undefined ? '' : '127.0.0.1',
    port: String(options.port ?? DEFAULT_PORT),
    unix_socket_directories: `"${sockets.replaceAll('"', '""')}"`,
    unix_socket_permissions: '0700',
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    shared_buffers: '64MB',
    max_connections: '100',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_destination: 'stderr',
    logging_collector: 'off',
    ...options.settings,
  };
}

/** The server's version once it answers, or undefined when it ended before. Throws after the deadline. */
async function untilReady(setup: Setup, server: Server, end: number): Promise<string | undefined> {
  let deadline = end;
  let nextWord = performance.now() + TELL_EVERY_MS;
  let pause = ASK_EVERY_MS;
  while (server.running) {
    try {
      return await firstContact(setup);
    } catch (error) {
      if (!isNotReady(error)) throw error;
      // While it recovers, each question leaves a line in its log.
      if (isStartingUp(error)) {
        pause = Math.min(pause * 1.5, 250);
        // What recovers says so, and a large database may take its time.
        deadline = performance.now() + START_WITHIN_MS;
      }
      if (performance.now() > deadline) {
        throw new Error(`PostgreSQL did not answer within ${START_WITHIN_MS / 1000} s; see ${setup.log.file}.`);
      }
    }
    if (performance.now() > nextWord) {
      nextWord += TELL_EVERY_MS;
      setup.progress('The database is recovering from a crash');
    }
    await delay(pause);
  }
  return undefined;
}

async function stopServer(server: Server): Promise<void> {
  for (const [signal, patience] of STOPPING) {
    if (!server.running) return;
    server.child.kill(signal);
    await Promise.race([server.exited, delay(patience, undefined, { ref: false })]);
  }
  await server.exited;
}

/** The exit code, null after a signal, or -1 when the program could not be started at all. */
function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((done) => {
    child.once('exit', (code) => done(code));
    child.once('error', () => done(-1));
  });
}
