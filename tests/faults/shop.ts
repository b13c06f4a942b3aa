import { setTimeout as sleep } from 'node:timers/promises';
import { readyAt, type Started, startCommand } from '../journeys/process.fixture.ts';

/** The product as one process that dies and is started again; who asks for its address waits until there is one. */
export interface Shop {
  /** Of the process that answers now, or the next one that will. */
  url(): Promise<string>;
  /** Starts the next process. */
  start(more?: Readonly<Record<string, string>>): Promise<void>;
  /** Resolves when the process has ended: how. */
  ended(): Promise<number | NodeJS.Signals>;
  /** Kills the process that runs; resolves when it has ended. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** A shop with these settings; nothing runs yet. */
export function shopWith(env: Readonly<Record<string, string>>): Shop {
  let running: Started | undefined;
  let at: string | undefined;

  return {
    async url() {
      while (at === undefined) await sleep(5);
      return at;
    },
    async start(more = {}) {
      const started = startCommand({ ...env, ...more });
      running = started;
      void started.ended.then(() => {
        if (running === started) at = undefined;
      });
      try {
        at = await readyAt(started);
      } catch (error) {
        // It was killed before it answered: that too is a crash between two lines.
        if ((await started.ended) !== 'SIGKILL') throw error;
      }
    },
    async ended() {
      if (!running) throw new Error('nothing was started');
      const how = await running.ended;
      at = undefined;
      return how;
    },
    async kill() {
      at = undefined;
      running?.child.kill('SIGKILL');
      await running?.ended;
    },
    async stop() {
      at = undefined;
      running?.child.kill('SIGTERM');
      await running?.ended;
    },
  };
}
