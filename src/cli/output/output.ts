import { styleText } from 'node:util';
import { hasColours } from '../../platform/config/config.ts';

type Stream = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

export interface Streams {
  readonly stdout: Stream;
  readonly stderr: Stream;
}

/**
 * The output of a command. Standard output has the result and nothing else: one JSON document with `--json`, text
 * otherwise. Everything else goes to standard error.
 */
export interface Output {
  /** With `--json`. */
  readonly json: boolean;
  /** With `--quiet`: only the result, and faults. */
  readonly quiet: boolean;
  /** Of standard output, when it is a terminal. */
  readonly columns: number | undefined;
  /** The result of a query: the value as one JSON document, or its text. */
  result(value: unknown, text: () => string): void;
  /** The outcome of an action: like a result, but omitted with `--quiet`. */
  done(value: unknown, text: () => string): void;
  /** Additional information; not with `--quiet` or `--json`. */
  note(text: string): void;
  /** A possible mistake; with `--json` one line of JSON, and not with `--quiet`. */
  warning(text: string): void;
  /** The progress of long work; on a terminal only. */
  progress(text: string): void;
  /** A fault: a sentence, or with `--json` one line of JSON. */
  fault(fault: ErrorReport): void;
  /** Text in a colour of standard output, where that has colours. */
  paint(colour: Colour, text: string): string;
}

/** A fault, with its code for programs. */
export interface ErrorReport {
  readonly error: string;
  readonly code: string;
}

export type Colour = 'green' | 'yellow' | 'red' | 'dim' | 'bold';

/** Reads `--json` and `--quiet` from the arguments itself, so that they apply to faults of the arguments too. */
export function createOutput(args: readonly string[], { stdout, stderr }: Streams = process): Output {
  const end = args.indexOf('--');
  const flags = new Set(end === -1 ? args : args.slice(0, end));
  const json = flags.has('--json');
  const quiet = flags.has('--quiet') || flags.has('-q');
  const coloured = hasColours(stdout);
  const result = (value: unknown, text: () => string): void => {
    const output = json ? JSON.stringify(value, null, 2) : text();
    if (output !== '') stdout.write(`${output}\n`);
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
