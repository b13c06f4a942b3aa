import type { Steps } from '../../platform/app/steps.ts';

type Stream = Pick<NodeJS.WritableStream, 'write'>;

/** Reports the steps of a start. */
export interface StepReporter extends Steps {
  /** Long work within the current step. */
  progress(text: string): void;
  /** Ends the last step. */
  end(): void;
  /** The current step has failed. */
  fail(): void;
}

interface Done {
  readonly step: string;
  readonly details: readonly string[];
  /** How long it took. */
  readonly seconds: number;
}

const FRAMES = ['|', '/', '-', '\\'];
const FRAME_MS = 120;
const CLEAR = '\r\x1b[K';

/** For a terminal: a line for each step, with a spinner while it is in progress. */
export function stepsOnTerminal(stream: Stream): StepReporter {
  let frame = 0;
  let current = '';
  let timer: NodeJS.Timeout | undefined;
  const draw = (): void => void stream.write(`${CLEAR}  ${current} ${FRAMES[frame++ % FRAMES.length]}`);
  const stopTimer = (): void => clearInterval(timer);
  const steps = reporterFor({
    begun(step) {
      current = `${step} …`;
      draw();
      timer = setInterval(draw, FRAME_MS).unref();
    },
    done(one) {
      stopTimer();
      stream.write(`${CLEAR}  ${lineOf(one)}\n`);
    },
    failed(step) {
      stopTimer();
      stream.write(`${CLEAR}  ${step} … not done\n`);
    },
  });
  return {
    ...steps,
    progress(text) {
      current = `${text} …`;
      draw();
    },
  };
}

/** For other outputs: a line of the log for each completed step. */
export function stepsInLog(log: { info(fields: object, text: string): void }): StepReporter {
  const steps = reporterFor({
    begun: () => undefined,
    done: ({ step, details, seconds }) =>
      log.info({ seconds, ...(details.length > 0 && { details }) }, `${step}: done`),
    failed: () => undefined,
  });
  return { ...steps, progress: (text) => log.info({}, text) };
}

interface StepPrinter {
  begun(step: string): void;
  done(one: Done): void;
  failed(step: string): void;
}

function reporterFor({ begun, done, failed }: StepPrinter): Omit<StepReporter, 'progress'> {
  let open: { readonly step: string; readonly details: string[]; readonly since: number } | undefined;
  const end = (): void => {
    if (open) done({ ...open, seconds: Math.round((performance.now() - open.since) / 100) / 10 });
    open = undefined;
  };
  return {
    begin(step) {
      end();
      open = { step, details: [], since: performance.now() };
      begun(step);
    },
    tell: (what) => void open?.details.push(what),
    end,
    fail() {
      if (open) failed(open.step);
      open = undefined;
    },
  };
}

function lineOf({ step, details, seconds }: Done): string {
  const notes = [...details, ...(seconds > 1 ? [`${seconds.toFixed(1)} s`] : [])];
  return `${step} … done${notes.length > 0 ? ` (${notes.join(', ')})` : ''}`;
}
