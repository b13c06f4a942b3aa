import { container } from './container.ts';
import { type RunningSystem, type StartOptions, start } from './platform/app/app.ts';
import { watchParent } from './platform/app/parent.ts';
import type { Config } from './platform/config/config.ts';
import type { Log } from './platform/observability/log.ts';

type Told = Pick<StartOptions, 'steps' | 'progress'>;
type StartedSystem = RunningSystem<ReturnType<typeof container>>;

/**
 * Starts what the configuration asks for. SIGINT, SIGTERM, SIGHUP, the end of the process that started it, and an
 * error that nobody caught drain it; a signal after that ends it at once.
 */
export async function main(config: Config, log: Log, told: Told): Promise<StartedSystem> {
  for (const warning of config.warnings) log.warn(warning);
  const starting = start({ config, container, log, ...told, onLost: (...what) => stopping.lost(...what) });
  const stopping = stopWhenAsked(async () => {
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
/** A terminal signals npm and us, and npm passes its signal on: within a second they are one. */
const ONE_PRESS_MS = 1_000;
const LAST_LINES_MS = 1_000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

interface Stopping {
  cancel(): void;
  /** Stops with exit code 1, because of what is gone for good. */
  lost(sentence: string, reason: string): void;
}

function stopWhenAsked(close: () => Promise<void>, log: Log): Stopping {
  let since: number | undefined;
  let code = 0;
  const end = (): void => {
    // Whoever reads the log may have stopped reading.
    setTimeout(() => process.exit(code), LAST_LINES_MS).unref();
    log.flush(() => process.exit(code));
  };
  const drain = (): void => {
    since = performance.now();
    const late = setTimeout(() => {
      log.error(`not stopped after ${DRAIN_SECONDS} s; ending`);
      code = 1;
      end();
    }, DRAIN_SECONDS * 1000);
    late.unref();
    close().then(end, (error: unknown) => {
      log.error({ err: error }, 'stopping failed');
      code = 1;
      end();
    });
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (since === undefined) {
      log.info({ signal }, 'stopping');
      drain();
    } else if (performance.now() - since > ONE_PRESS_MS) {
      log.warn('second signal: ending without waiting');
      code = 1;
      end();
    }
  };
  const onQuit = (): void => {
    log.warn('SIGQUIT: ending without waiting');
    code = 131;
    end();
  };
  // The state after such an error is unknown: what was taken is answered, and no more is taken.
  const onFatal = (error: unknown): void => {
    log.fatal({ err: error }, 'an error that nothing caught; stopping');
    code = 1;
    if (since === undefined) drain();
  };
  const lost = (sentence: string, reason: string): void => {
    log.fatal({ reason }, `${sentence}; stopping`);
    code = 1;
    if (since === undefined) drain();
  };
  const onOrphaned = (): void => {
    if (since !== undefined) return;
    log.warn('the process that started this one is gone; stopping');
    drain();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  process.on('SIGQUIT', onQuit);
  process.on('uncaughtException', onFatal);
  const unwatch = watchParent(onOrphaned);
  return {
    lost,
    cancel() {
      for (const signal of SIGNALS) process.off(signal, onSignal);
      process.off('SIGQUIT', onQuit);
      process.off('uncaughtException', onFatal);
      unwatch();
    },
  };
}
