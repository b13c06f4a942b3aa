import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../src/testing/ports.ts';
import { accountFor, giveTo } from './account.ts';
import { checkInstalled, outcome } from './install.ts';
import type { Command, Kind, Place, Run } from './kind.ts';
import { portIsFree } from './probe.ts';
import { checkOurs, isAlive, readRecord, runningPid, startOf, writeRecord } from './record.ts';

export interface StartOptions {
  /** The server's own folder: settings, data and log. Made when it is not there; what is there is kept. */
  readonly dir: string;
  /** On 127.0.0.1; default: one that nobody uses. */
  readonly port?: number;
  /** Ends the server when the thread that called ends, however that ends. Default: it outlives its caller. */
  readonly whileCallerLives?: boolean;
  readonly progress?: (text: string) => void;
}

/** A server that was started: what tests do to it. Every action resolves once it is done. */
export interface Server {
  readonly name: string;
  readonly url: string;
  readonly dir: string;
  readonly port: number;
  readonly version: string;
  /** Of the process that was started last. */
  readonly pid: number;
  /** Whether it ran already when it was asked to start. */
  readonly found: boolean;
  /** An orderly end; the data stays. */
  stop(): Promise<void>;
  /** The end by SIGKILL; the data stays, as after a crash. */
  kill(): Promise<void>;
  /** Ends it if it runs, and starts it on the same data and port. */
  restart(): Promise<void>;
}

const READY_WITHIN_MS = 90_000;
const ASK_EVERY_MS = 50;
const TELL_EVERY_MS = 10_000;
const STOP_WITHIN_MS = 20_000;

/**
 * Starts a server as a process of its own and resolves when it answers in its own language; one that runs on this
 * folder already is found again. Throws a sentence when it is not installed, when another program has its port, and
 * one that ends with what the server said when it does not answer in 90 s.
 */
export async function startServer(kind: Kind, options: StartOptions): Promise<Server> {
  checkInstalled(kind);
  checkOurs(options.dir);
  await kind.fetch?.(options.progress ?? (() => undefined));
  let current = await bring(kind, options);
  const again = { ...options, dir: current.dir, port: current.port };
  return {
    ...current,
    name: kind.name,
    url: kind.url(current.port),
    get pid() {
      return current.pid;
    },
    stop: () => stopServer(kind, again.dir),
    kill: () => killServer(kind, again.dir),
    async restart() {
      await stopServer(kind, again.dir);
      current = await bring(kind, again);
    },
  };
}

/** Ends what the folder's record names, in order, and its helper; a server that is down is left alone. */
export async function stopServer(kind: Kind, dir: string): Promise<void> {
  const record = readRecord(dir);
  await end(kind, dir, kind.stopSignal);
  if (record) writeRecord(dir, { ...record, pid: undefined, since: undefined });
  if (kind.helper) await stopServer(kind.helper, helperDir(dir));
}

/** Ends the server by SIGKILL, without its helper. */
export async function killServer(kind: Kind, dir: string): Promise<void> {
  await end(kind, dir, 'SIGKILL');
}

async function end(kind: Kind, dir: string, signal: NodeJS.Signals): Promise<void> {
  const record = readRecord(dir);
  const pid = runningPid(record, kind.marker);
  if (!record || pid === undefined) return;
  send(pid, signal);
  const patience = performance.now() + STOP_WITHIN_MS;
  while (isAlive(record)) {
    if (performance.now() > patience) send(pid, 'SIGKILL');
    await delay(ASK_EVERY_MS / 2);
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It ended by itself between the look and the signal.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

interface Brought {
  readonly dir: string;
  readonly port: number;
  readonly pid: number;
  readonly version: string;
  readonly found: boolean;
}

async function bring(kind: Kind, options: StartOptions): Promise<Brought> {
  mkdirSync(options.dir, { recursive: true });
  const dir = realpathSync(options.dir);
  const record = readRecord(dir);
  const pid = runningPid(record, kind.marker);
  if (record && pid !== undefined) {
    const version = await untilReady(kind, { dir, port: record.port }, options);
    return { dir, port: record.port, pid, version, found: true };
  }
  const port = options.port ?? (await freePort());
  if (!(await portIsFree(port))) {
    throw new Error(`${kind.title} can't start: another program listens on port ${port} of 127.0.0.1.`);
  }
  const helperPort = kind.helper ? await bringHelper(kind.helper, helperDir(dir), options) : undefined;
  return { ...(await launch(kind, { dir, port, helperPort }, options)), found: false };
}

/** The helper survives a kill of its server: then it keeps its port, or the server would not find it again. */
async function bringHelper(helper: Kind, dir: string, options: StartOptions): Promise<number> {
  const { port } = await bring(helper, { whileCallerLives: options.whileCallerLives, dir });
  return port;
}

function helperDir(dir: string): string {
  return join(dir, 'helper');
}

async function launch(kind: Kind, place: Place, options: StartOptions): Promise<Omit<Brought, 'found'>> {
  const { dir, port, helperPort } = place;
  checkAccount(kind, dir);
  options.progress?.('starting');
  await kind.prepare(place, runner(kind, dir));
  giveTo(accountFor(kind.account, dir), dir);
  const log = openSync(logOf(dir), 'a');
  const child = start(kind, dir, kind.command(place), log, options.whileCallerLives === true);
  closeSync(log);
  const failed = new Promise<never>((_, reject) => child.once('error', reject));
  failed.catch(() => undefined);
  const pid = child.pid;
  if (pid === undefined) return await failed;
  const record = { name: kind.name, port, helperPort, version: '', pid, since: startOf(pid) };
  // Written before it answers: whoever comes now must know of it.
  writeRecord(dir, record);
  const version = await untilReady(kind, place, options);
  writeRecord(dir, { ...record, version });
  child.unref();
  return { dir, port, pid, version };
}

function checkAccount(kind: Kind, dir: string): void {
  if (!kind.refusesRoot || process.geteuid?.() !== 0 || accountFor(kind.account, dir)) return;
  throw new Error(
    `${kind.title} does not run as root, and the account ${kind.account} can't enter ${dir}: choose another --dir.`,
  );
}

function start(kind: Kind, dir: string, command: Command, log: number, bound: boolean): ChildProcess {
  // In a session of its own, Ctrl-C in the caller's terminal does not reach it.
  const prefix = bound ? ['setpriv', '--pdeathsig', 'KILL'] : [];
  const [file = '', ...args] = [...prefix, command.file, ...command.args];
  const own = { ...accountFor(kind.account, dir), cwd: dir, env: environment(dir, command), detached: true };
  return spawn(file, args, { ...own, stdio: ['ignore', log, log] });
}

function runner(kind: Kind, dir: string): Run {
  return async (command) => {
    giveTo(accountFor(kind.account, dir), dir);
    const own = { ...accountFor(kind.account, dir), cwd: dir, env: environment(dir, command) };
    const child = spawn(command.file, command.args, { ...own, stdio: ['ignore', 'pipe', 'pipe'] });
    await outcome(child, `${kind.title} could not prepare ${dir}`);
  };
}

// Nothing of the caller's environment changes a server; only where programs are.
function environment(dir: string, command: Command): NodeJS.ProcessEnv {
  const { PATH, JAVA_HOME } = process.env;
  return { PATH, JAVA_HOME, HOME: dir, LC_ALL: 'C.UTF-8', ...command.env };
}

/** Its version once it answers. Throws with the end of its log when the process ends, or after 90 s. */
async function untilReady(kind: Kind, place: Place, options: StartOptions): Promise<string> {
  const began = performance.now();
  let nextWord = began + TELL_EVERY_MS;
  for (;;) {
    const record = readRecord(place.dir);
    try {
      return await kind.ready(place);
    } catch (error) {
      const waited = performance.now() - began;
      const why = error instanceof Error ? error.message : String(error);
      if (!record || !isAlive(record)) throw new Error(`${kind.title} ended; it said:\n${logTail(place.dir)}`);
      if (waited > READY_WITHIN_MS)
        throw new Error(`${kind.title} is not ready: ${why} It said:\n${logTail(place.dir)}`);
    }
    if (performance.now() > nextWord) {
      nextWord += TELL_EVERY_MS;
      options.progress?.('still starting');
    }
    await delay(ASK_EVERY_MS);
  }
}

function logOf(dir: string): string {
  return join(dir, 'server.log');
}

function logTail(dir: string): string {
  return readFileSync(logOf(dir), 'utf8').slice(-3_000).trim();
}
