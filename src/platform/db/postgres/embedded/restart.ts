import { statfsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Told of a server that ended by itself and is started again. */
export interface RestartHooks {
  /** `code` is null when a signal ended it. */
  readonly onDown: (code: number | null) => void;
  readonly onUp: () => void;
  /** It cannot be started again, and nobody tries any more. */
  readonly onLost: (error: Error) => void;
}

/** A start that no repetition makes succeed: the database itself is not there any more. */
export class DatabaseLost extends Error {
  constructor(sentence: string) {
    super(sentence);
    this.name = 'DatabaseLost';
  }
}

interface Run {
  /** Resolves with the exit code when it ends. */
  readonly exited: Promise<number | null>;
}

interface Supervision {
  /** Starts the server anew at the same place. Throws when it does not come up. */
  readonly launch: () => Promise<Run>;
  readonly dataDir: string;
  readonly stopped: AbortSignal;
  readonly hooks: RestartHooks;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
const TRY_FOR_MS = 60_000;
// A full disk is made empty by a person, and then all goes on by itself.
const TRY_ON_FULL_DISK_FOR_MS = 15 * 60_000;
const FULL_BELOW_BYTES = 48 * 1024 * 1024;
const SHORT_LIFE_MS = 10_000;
const SHORT_LIVES = 30;

/** Starts the server again whenever it ends by itself, until it is stopped or cannot be started any more. */
export async function supervise(first: Run, { launch, dataDir, stopped, hooks }: Supervision): Promise<void> {
  let run = first;
  let shortLives = 0;
  for (;;) {
    const began = performance.now();
    const code = await run.exited;
    if (stopped.aborted) return;
    hooks.onDown(code);
    shortLives = performance.now() - began < SHORT_LIFE_MS ? shortLives + 1 : 0;
    try {
      if (shortLives > SHORT_LIVES) throw new Error(`It ended ${shortLives} times, each time soon after its start.`);
      if (shortLives > 1) await delay(pauseAfter(shortLives - 1), undefined, { signal: stopped });
      run = await launchAgain(launch, dataDir, stopped);
    } catch (error) {
      if (!stopped.aborted) hooks.onLost(error as Error);
      return;
    }
    hooks.onUp();
  }
}

async function launchAgain(launch: () => Promise<Run>, dataDir: string, stopped: AbortSignal): Promise<Run> {
  const began = performance.now();
  for (let attempt = 1; ; attempt++) {
    try {
      return await launch();
    } catch (error) {
      const patience = isDiskFull(error, dataDir) ? TRY_ON_FULL_DISK_FOR_MS : TRY_FOR_MS;
      if (error instanceof DatabaseLost || stopped.aborted || performance.now() - began > patience) throw error;
    }
    await delay(pauseAfter(attempt), undefined, { signal: stopped });
  }
}

const pauseAfter = (attempts: number): number =>
  Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempts - 1, 10));

// On a full disk the server cannot even write to its log why it ended.
function isDiskFull(error: unknown, dataDir: string): boolean {
  if (/No space left on device|Disk quota exceeded/.test((error as Error).message)) return true;
  try {
    const { bavail, bsize } = statfsSync(dataDir);
    return bavail * bsize < FULL_BELOW_BYTES;
  } catch {
    return false;
  }
}
