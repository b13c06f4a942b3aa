import { styleText } from 'node:util';
import { hasColours } from '../../platform/config/config.ts';

type Stream = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

export interface Streams {
  readonly stdout: Stream;
  readonly stderr: Stream;
}

/**
 * Where a command prints. Standard output has what was asked for and nothing else: one JSON document with `--json`, its
 * text otherwise. Everything beside it goes to standard error.
 */
export interface Output {
  /** With `--json`. */
  readonly json: boolean;
  /** With `--quiet`: nothing but what was asked for, and faults. */
  readonly quiet: boolean;
  /** Of standard output, when it is a terminal. */
  readonly columns: number | undefined;
  /** What was asked for: the value as one JSON document, or its text. */
  result(value: unknown, text: () => string): void;
  /** What was done: like a result, but `--quiet` leaves it out. */
  done(value: unknown, text: () => string): void;
  /** What a person likes to know beside it; not with `--quiet` or `--json`. */
  note(text: string): void;
  /** What may not be meant; with `--json` one line of JSON, and not with `--quiet`. */
  warning(text: string): void;
  /** What takes its time; for a terminal only. */
  progress(text: string): void;
  /** A fault: a sentence, or with `--json` one line of JSON. */
  fault(fault: ErrorReport): void;
  /** Text in a colour of standard output, where that has colours. */
  paint(colour: Colour, text: string): string;
}

/** What is wrong, and the code that a program can tell it by. */
export interface ErrorReport {
  readonly error: string;
  readonly code: string;
}

export type Colour = 'green' | 'yellow' | 'red' | 'dim' | 'bold';

/** Reads `--json` and `--quiet` from the words of the command, so that a fault of those words is told alike. */
export function createOutput(args: readonly string[], { stdout, stderr }: Streams = process): Output {
  const end = args.indexOf('--');
  const flags = new Set(end === -1 ? args : args.slice(0, end));
  const json = flags.has('--json');
  const quiet = flags.has('--quiet') || flags.has('-q');
  const coloured = hasColours(stdout);
  const result = (value: unknown, text: () => string): void => {
    const said = json ? JSON.stringify(value, null, 2) : text();
    if (said !== '') stdout.write(`${said}\n`);
  };
  return {
    json,
    quiet,
    columns: stdout.isTTY ? stdout.columns : undefined,
    result,
    done(value, text) {
      if (json || !quiet) result(value, text);
    },
    note(text) {
      if (!json && !quiet) stderr.write(`${text}\n`);
    },
    warning(text) {
      if (!quiet) stderr.write(`${json ? JSON.stringify({ warning: text }) : `warning: ${text}`}\n`);
    },
    progress(text) {
      if (!json && !quiet && stderr.isTTY) stderr.write(`${text}\n`);
    },
    fault({ error, code }) {
      stderr.write(`${json ? JSON.stringify({ error, code }) : error}\n`);
    },
    paint: (colour, text) => (coloured && !json ? styleText(colour, text, { validateStream: false }) : text),
  };
}
