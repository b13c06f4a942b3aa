import { createRequire } from 'node:module';
import { type DestinationStream, type Logger, pino } from 'pino';

import type { default as PrettyStream } from 'pino-pretty';
import { type Config, hasColours } from './config.ts';

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

/** Of standard output and standard error. */
const DESCRIPTORS = { stdout: 1, stderr: 2 };

/**
 * The log of the process: JSON lines on standard output, or readable lines when a person looks at a terminal. It goes to
 * `stderr` where standard output has another use.
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
  if (typeof to === 'object') return pino(options, to);
  // Written in blocks under load; `flush` runs every second and at the end.
  if (person) return pino(options, prettyStream());
  return pino(options, pino.destination({ dest: DESCRIPTORS[to], sync: false, minLength: 4096, periodicFlush: 1000 }));
}

// PostgreSQL tells the row that it refused, and that is somebody's address: it stays out of the log.
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

// Loaded only where a person looks on: it is a second of nobody's start otherwise.
function prettyStream(): DestinationStream {
  const { default: pretty } = createRequire(import.meta.url)('pino-pretty') as { default: typeof PrettyStream };
  return pretty({ colorize: hasColours(process.stdout), ignore: 'request_id', sync: true });
}
