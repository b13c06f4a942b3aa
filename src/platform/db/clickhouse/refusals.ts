import { AppError, common } from '../../contract/errors.ts';

/** What the engine cannot do now: the way to it, its limits, its disk. The same statement may work in a moment. */
const AWAY = new Set([
  'ALL_CONNECTION_TRIES_FAILED',
  'MEMORY_LIMIT_EXCEEDED',
  'NETWORK_ERROR',
  'NOT_ENOUGH_SPACE',
  'SOCKET_TIMEOUT',
  'TABLE_IS_READ_ONLY',
  'TIMEOUT_EXCEEDED',
  'TOO_MANY_PARTS',
  'TOO_MANY_SIMULTANEOUS_QUERIES',
]);

const NETWORK = /ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|socket hang up|Timeout error|aborted/;

/**
 * An error of the client as the platform has it: `TRADEPOST_UNAVAILABLE` when the engine is away, `TRADEPOST_TOO_SLOW`
 * when it gave one statement up.
 */
export function clickhouseRefusalOf(error: unknown): unknown {
  if (error instanceof AppError || !(error instanceof Error)) return error;
  const { type, code } = error as { type?: string; code?: string | number };
  const away = type === undefined ? NETWORK.test(`${code} ${error.message}`) : AWAY.has(type);
  if (!away) return error;
  return Object.assign(type === 'TIMEOUT_EXCEEDED' ? common.TOO_SLOW() : common.UNAVAILABLE(), { cause: error });
}

/** Whether the engine answered that it did not take a statement, so that nothing of it was written. */
export function isRefused(error: unknown): boolean {
  return typeof (error as { type?: unknown }).type === 'string';
}

/** Whether nobody knows what became of a statement: the way to the engine ended before its answer came. */
export function isUnknown(error: unknown): boolean {
  if (isRefused(error)) return false;
  const { cause } = error as { cause?: unknown };
  return cause === undefined || !isRefused(cause) || /TIMEOUT|NETWORK/.test(String((cause as { type?: string }).type));
}

/** The check of the table that a row did not pass, if that is what the error says. */
export function violatedCheck(error: unknown): string | undefined {
  const { type, message } = error as { type?: string; message?: string };
  if (type !== 'VIOLATED_CONSTRAINT') return undefined;
  return /Constraint `(\w+)`/.exec(message ?? '')?.[1];
}

/** Whether a failed block may be repeated row by row: the fault lies in one of them, and nothing was written. */
export function rowFaultInClickHouse(error: unknown): boolean {
  if (error instanceof AppError) return error.kind === 'invalid';
  const { type } = error as { type?: string };
  return (
    type !== undefined && /^(VIOLATED_CONSTRAINT|CANNOT_PARSE|INCORRECT_DATA|VALUE_IS_OUT|UNKNOWN_ELEMENT)/.test(type)
  );
}
