import { createRequire } from 'node:module';
import { type DestinationStream, type Logger, pino } from 'pino';

import type { default as Pretty } from 'pino-pretty';
import { type Config, hasColours } from '../config/config.ts';
import { type LogOutput, openLogOutput } from './log-output.ts';
import { countLostLine } from './metrics.ts';

export type Log = Logger;

const REDACT = [
  'password',
  'token',
  'refresh_token',
  'client_secret',
  'authorization',
  '*.password',
  '*.token',
  '*.refresh_token',
  '*.client_secret',
  'headers.authorization',
  'headers.cookie',
  'req.headers.authorization',
  'req.headers.cookie',
];

/** The file descriptors of standard output and standard error. */
const DESCRIPTORS = { stdout: 1, stderr: 2 };

/**
 * The log of the process: JSON lines on standard output, or readable lines on a terminal. It is written to `stderr`
 * where standard output has another use.
 */
export function createLog(
  config: Pick<Config, 'LOG_LEVEL' | 'NODE_ENV'>,
  to: DestinationStream | keyof typeof DESCRIPTORS = 'stdout',
): Log {
  const person = to === 'stdout' && process.stdout.isTTY && config.NODE_ENV !== 'production';
  const options = {
    level: config.LOG_LEVEL,
    base: undefined,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: withoutRows },
    redact: { paths: REDACT, censor: '[redacted]' },
  };
  return pino(options, typeof to === 'object' ? to : standardOutput(DESCRIPTORS[to], person));
}

const outputs = new Map<number, LogOutput>();

// One output for each descriptor, whatever the number of logs: two would mix their lines.
function standardOutput(fd: number, person: boolean): DestinationStream {
  const output = outputs.get(fd) ?? openDescriptor(fd, person);
  outputs.set(fd, output);
  if (!person) return output;
  const format = prettyFormat();
  const { flush } = output;
  return Object.assign({ write: (line: string) => output.write(format(line)) }, { flush });
}

// Written in blocks under load, and every second; on a terminal each line is written at once.
function openDescriptor(fd: number, person: boolean): LogOutput {
  const output = openLogOutput(fd, {
    block: person ? 0 : 4096,
    onLost: countLostLine,
    onResumed(lost) {
      const time = new Date().toISOString();
      const msg = `${lost} log lines before this one could not be written and were dropped`;
      const line = `${JSON.stringify({ level: 'warn', time, lost, msg })}\n`;
      output.write(person ? prettyFormat()(line) : line);
    },
  });
  process.once('exit', () => output.flushSync());
  return output;
}

// PostgreSQL's `detail` contains the refused row, which may be personal data: it is not logged.
function withoutRows(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const {
    detail: _row,
    where: _statement,
    internalQuery: _query,
    ...rest
  } = pino.stdSerializers.err(error) as unknown as Record<string, unknown>;
  return rest;
}

// Loaded only on a terminal, as it takes a second of the start.
function prettyFormat(): (line: string) => string {
  const { prettyFactory } = createRequire(import.meta.url)('pino-pretty') as typeof Pretty;
  const options = { colorize: hasColours(process.stdout), ignore: 'request_id' };
  return prettyFactory(options) as (line: string) => string;
}
