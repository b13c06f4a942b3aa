import type { Steps } from '../../platform/app/steps.ts';

type Stream = Pick<NodeJS.WritableStream, 'write'>;

/** The steps of a start as somebody is told of them. */
export interface ToldSteps extends Steps {
  /** What takes a while within the step that is under way. */
  progress(text: string): void;
  /** The last step is done. */
  end(): void;
  /** The step that is under way cannot be done. */
  fail(): void;
}

interface Done {
  readonly step: string;
  readonly details: readonly string[];
  /** How long it took. */
  readonly seconds: number;
}

const SIGNS = ['|', '/', '-', '\\'];
const TURN_MS = 120;
const CLEAR = '\r\x1b[K';

/** For a person at a terminal: a line for each step, with a sign that moves while it is under way. */
export function stepsOnTerminal(stream: Stream): ToldSteps {
  let turn = 0;
  let now = '';
  let timer: NodeJS.Timeout | undefined;
  const draw = (): void => void stream.write(`${CLEAR}  ${now} ${SIGNS[turn++ % SIGNS.length]}`);
  const rest = (): void => clearInterval(timer);
  const steps = stepsBy({
    begun(step) {
      now = `${step} …`;
      draw();
      timer = setInterval(draw, TURN_MS).unref();
    },
    done(one) {
      rest();
      stream.write(`${CLEAR}  ${lineOf(one)}\n`);
    },
    failed(step) {
      rest();
      stream.write(`${CLEAR}  ${step} … not done\n`);
    },
  });
  return {
    ...steps,
    progress(text) {
      now = `${text} …`;
      draw();
    },
  };
}

/** For everybody else: a line of the log for each step that is done. */
export function stepsInLog(log: { info(fields: object, text: string): void }): ToldSteps {
  const steps = stepsBy({
    begun: () => undefined,
    done: ({ step, details, seconds }) =>
      log.info({ seconds, ...(details.length > 0 && { details }) }, `${step}: done`),
    failed: () => undefined,
  });
  return { ...steps, progress: (text) => log.info({}, text) };
}

interface Teller {
  begun(step: string): void;
  done(one: Done): void;
  failed(step: string): void;
}

function stepsBy({ begun, done, failed }: Teller): Omit<ToldSteps, 'progress'> {
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
  const told = [...details, ...(seconds > 1 ? [`${seconds.toFixed(1)} s`] : [])];
  return `${step} … done${told.length > 0 ? ` (${told.join(', ')})` : ''}`;
}
