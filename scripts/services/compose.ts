import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const FILE = fileURLToPath(new URL('../../compose.yaml', import.meta.url));

/** Whether a Docker engine answers here; the command alone is no engine. */
export function dockerAnswers(): boolean {
  return spawnSync('docker', ['info'], { stdio: 'ignore', timeout: 10_000 }).status === 0;
}

/** Runs `docker compose` on the project's file, its words on stderr. Throws a sentence when it ends badly. */
export function compose(...args: string[]): void {
  const { status, error } = spawnSync('docker', ['compose', '-f', FILE, ...args], { stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error(`docker compose ${args.join(' ')} failed: ${error?.message ?? `exit ${status}`}.`);
}
