import { AppError, common } from '../../contract/errors.ts';
import { clickhouseFaultOf } from './faults.ts';

/**
 * An error of the client as the platform has it: `TRADEPOST_UNAVAILABLE` when it is neither the caller's nor ours,
 * `TRADEPOST_TOO_SLOW` when the engine gave one statement up.
 */
export function clickhouseRefusalOf(error: unknown): unknown {
  if (error instanceof AppError || !(error instanceof Error)) return error;
  if (!clickhouseFaultOf(error)) return error;
  const { type } = error as { type?: string };
  return Object.assign(type === 'TIMEOUT_EXCEEDED' ? common.TOO_SLOW() : common.UNAVAILABLE(), { cause: error });
}

/**
 * Whether nobody knows what became of a statement: the way to the engine ended before its answer came, or the engine
 * says so itself. What the engine refused otherwise was not written.
 */
export function isUnknown(error: unknown): boolean {
  const { type, cause } = (error ?? {}) as { type?: unknown; cause?: unknown };
  if (typeof type !== 'string' && cause !== undefined) return isUnknown(cause);
  return typeof type !== 'string' || clickhouseFaultOf(error)?.unknown === true;
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
