import { container } from './container.ts';
import { type Running, start } from './platform/app.ts';
import type { Config } from './platform/config.ts';
import type { Log } from './platform/log.ts';

/** Starts what the configuration asks for and drains at SIGINT or SIGTERM; a second signal ends it at once. */
export async function main(config: Config, log: Log, progress: (text: string) => void): Promise<Running> {
  const starting = start({ config, container, log, progress });
  const stopping = stopOnSignals(async () => {
    // A signal during the start waits for it, so that no child process is left behind.
    const running = await starting.catch(() => undefined);
    await running?.close();
  }, log);
  try {
    return await starting;
  } catch (error) {
    stopping.cancel();
    throw error;
  }
}

const DRAIN_SECONDS = 25;

function stopOnSignals(close: () => Promise<void>, log: Log): { cancel(): void } {
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) {
      log.warn('second signal: ending without waiting');
      process.exit(1);
    }
    stopping = true;
    log.info({ signal }, 'stopping');
    const late = setTimeout(() => {
      log.error(`not stopped after ${DRAIN_SECONDS} s; ending`);
      process.exit(1);
    }, DRAIN_SECONDS * 1000);
    late.unref();
    close().then(
      () => log.flush(() => process.exit(0)),
      (error: unknown) => {
        log.error({ err: error }, 'stopping failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return {
    cancel() {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
    },
  };
}
