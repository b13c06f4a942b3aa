import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Kind } from './kind.ts';

/** Whether a program of this name can be run. */
export function onPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Resolves when the program ends well; throws an Error of `failure` and the last lines that it said. */
export function outcome(child: ChildProcess, failure: string): Promise<void> {
  let said = '';
  const hear = (part: Buffer) => {
    said = (said + part).slice(-4_000);
  };
  child.stdout?.on('data', hear);
  child.stderr?.on('data', hear);
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(new Error(`${failure}: ${cause.message}`, { cause })));
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${failure} (it ended with ${code ?? signal}); it said:\n${said.trim()}`));
    });
  });
}

/** Throws a sentence that says how to get what the server needs, if anything is missing. */
export function checkInstalled(kind: Kind): void {
  const packages = kind.missing();
  if (packages.length === 0) return;
  throw new Error(
    `${kind.title} is not installed here (no ${packages.join(', ')}): npm run services -- up ${kind.name} --native ` +
      'installs it on Debian and Ubuntu.',
  );
}

/** Installs from the system's packages what the servers need. Throws a sentence where that can't be done. */
export async function install(kinds: readonly Kind[], progress: (text: string) => void): Promise<void> {
  const packages = [...new Set(kinds.flatMap((kind) => kind.missing()))];
  if (packages.length > 0) await aptInstall(packages, progress);
  await Promise.all(kinds.map((kind) => kind.fetch?.((text) => progress(`${kind.title}: ${text}`))));
}

async function aptInstall(packages: readonly string[], progress: (text: string) => void): Promise<void> {
  if (!existsSync('/usr/bin/apt-get')) {
    throw new Error(
      `Missing: ${packages.join(', ')}. Start a Docker engine, or install them; there is no apt-get here.`,
    );
  }
  progress(`installing ${packages.join(', ')}`);
  await apt(['update', '-qq']);
  await apt(['install', '-y', '-qq', '--no-install-recommends', ...packages]);
  progress(`installed ${packages.join(', ')}`);
}

async function apt(args: readonly string[]): Promise<void> {
  const root = process.geteuid?.() === 0;
  // Somebody else may be installing just now.
  const command = ['apt-get', '-o', 'DPkg::Lock::Timeout=120', ...args];
  const [file = '', ...rest] = root ? command : ['sudo', '-n', 'DEBIAN_FRONTEND=noninteractive', ...command];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const child = spawn(file, rest, { stdio: ['ignore', 'pipe', 'pipe'], env });
  await outcome(child, root ? `apt-get ${args[0]} failed` : `apt-get ${args[0]} through sudo failed`);
}
