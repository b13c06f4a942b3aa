import { rmdirSync, rmSync } from 'node:fs';
import { compose, dockerAnswers } from './compose.ts';
import { KINDS } from './index.ts';
import { install } from './install.ts';
import type { Kind } from './kind.ts';
import { checkOurs, readRecord, runningPid } from './record.ts';
import { killServer, startServer, stopServer } from './server.ts';
import { addresses, folderOf, type ServerState, states } from './state.ts';

export interface Asked {
  readonly kinds: readonly Kind[];
  readonly dir: string;
  readonly native: boolean;
  readonly install: boolean;
  readonly keep: boolean;
  readonly json: boolean;
  readonly progress: (text: string) => void;
}

/** The commands by name. Each resolves with whether all went well. */
export const COMMANDS: Readonly<Record<string, (asked: Asked) => Promise<boolean>>> = {
  up,
  down,
  status,
  restart,
  kill,
};

async function up(asked: Asked): Promise<boolean> {
  if (inDocker(asked)) compose('up', '--detach', '--wait', ...names(asked));
  else await upNative(asked);
  return tell(asked, await states(asked.dir, asked.kinds));
}

async function upNative(asked: Asked): Promise<void> {
  if (asked.install) await install(asked.kinds, asked.progress);
  await each(asked.kinds, async (kind) => {
    const progress = (text: string) => asked.progress(`${kind.title}: ${text}`);
    const { version, found, url, pid } = await startServer(kind, {
      dir: folderOf(asked.dir, kind),
      port: readRecord(folderOf(asked.dir, kind))?.port ?? kind.port,
      progress,
    });
    progress(`${version} ${found ? 'runs already' : 'answers'} at ${url}, process ${pid}`);
  });
}

async function down(asked: Asked): Promise<boolean> {
  if (inDocker(asked)) {
    // Data that is in no named volume lives as long as its container.
    compose(...(asked.keep ? ['stop'] : ['rm', '--stop', '--force', '--volumes']), ...names(asked));
    return true;
  }
  await each(asked.kinds, async (kind) => {
    const dir = folderOf(asked.dir, kind);
    if (!readRecord(dir)) {
      asked.progress(`${kind.title}: was not started from ${dir}`);
      return;
    }
    const ran = runningPid(readRecord(dir), kind.marker) !== undefined;
    await stopServer(kind, dir);
    if (!asked.keep) rmSync(dir, { recursive: true, force: true });
    asked.progress(`${kind.title}: ${ran ? 'stopped' : 'was down'}, its data ${asked.keep ? 'stays' : 'is removed'}`);
  });
  removeIfEmpty(asked.dir);
  return true;
}

async function status(asked: Asked): Promise<boolean> {
  return tell(asked, await states(asked.dir, asked.kinds));
}

async function restart(asked: Asked): Promise<boolean> {
  if (inDocker(asked)) {
    compose('restart', ...names(asked));
    compose('up', '--detach', '--wait', ...names(asked));
    return true;
  }
  await each(asked.kinds, async (kind) => {
    checkOurs(folderOf(asked.dir, kind));
    await stopServer(kind, folderOf(asked.dir, kind));
  });
  return up(asked);
}

async function kill(asked: Asked): Promise<boolean> {
  if (inDocker(asked)) {
    compose('kill', ...names(asked));
    return true;
  }
  await each(asked.kinds, async (kind) => {
    const dir = folderOf(asked.dir, kind);
    const pid = runningPid(readRecord(dir), kind.marker);
    if (pid === undefined) throw new Error(`${kind.title} is not running from ${dir}.`);
    await killServer(kind, dir);
    asked.progress(`${kind.title}: process ${pid} is killed; its data stays for restart`);
  });
  return true;
}

// What was started without Docker is ended without it, whatever has been installed since.
function inDocker({ native, dir, kinds }: Asked): boolean {
  return !native && !kinds.some((kind) => readRecord(folderOf(dir, kind))) && dockerAnswers();
}

const names = ({ kinds }: Asked): string[] => kinds.map(({ name }) => name);

/** All at once; what fails is told of only when the others are done, so that none is left half started. */
async function each(kinds: readonly Kind[], work: (kind: Kind) => Promise<void>): Promise<void> {
  const results = await Promise.allSettled(kinds.map(work));
  const failures = results.filter((result) => result.status === 'rejected').map(({ reason }) => reason as Error);
  if (failures.length > 0) throw new Error(failures.map(({ message }) => message).join('\n'));
}

function tell({ json }: Asked, all: readonly ServerState[]): boolean {
  if (json) process.stdout.write(`${JSON.stringify(addresses(all))}\n`);
  else process.stdout.write(table(all));
  return all.every(({ running }) => running);
}

function table(all: readonly ServerState[]): string {
  const rows = all.map((one) => [
    one.title,
    one.version || '-',
    one.url,
    one.pid === undefined ? '-' : `process ${one.pid}`,
    one.running ? 'running' : 'down',
  ]);
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

function removeIfEmpty(dir: string): void {
  try {
    rmdirSync(dir);
  } catch {
    // Somebody's folders are left in it, or it was never made.
  }
}

/** The kinds of these names, all when there are none. Throws a sentence for a name that is none. */
export function kindsOf(wanted: readonly string[]): readonly Kind[] {
  const stranger = wanted.find((name) => !KINDS.some((kind) => kind.name === name));
  if (stranger !== undefined) {
    throw new Error(`There is no server '${stranger}'; there are ${KINDS.map(({ name }) => name).join(', ')}.`);
  }
  return wanted.length === 0 ? KINDS : KINDS.filter(({ name }) => wanted.includes(name));
}
