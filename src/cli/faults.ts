import { ConfigError, wantsDetails } from '../platform/config/config.ts';
import { AppError, common } from '../platform/contract/errors.ts';
import { clickhouseFaultOf as clickhouseFault } from '../platform/db/clickhouse/faults.ts';
import { AlreadyRunning } from '../platform/db/postgres/embedded/lock.ts';
import { databaseReason, faultSentence } from '../platform/db/postgres/faults.ts';
import { UnfitDatabase } from '../platform/db/postgres/unfit.ts';
import { CliError } from './cli-error.ts';
import type { ErrorReport } from './output/output.ts';
import { UsageError } from './usage.ts';

/** The report of an error: a sentence with the remedy or, for an unexpected error, how to report it. */
export function errorReportOf(error: unknown): ErrorReport {
  return (error instanceof Error ? knownFault(error) : undefined) ?? unknownFault(error);
}

function knownFault(error: Error): ErrorReport | undefined {
  if (error instanceof AggregateError) return severalFaults(error.errors);
  if (error instanceof UsageError || error instanceof CliError) return { error: error.message, code: error.code };
  if (error instanceof ConfigError) return { error: error.faults.join('\n'), code: 'CONFIGURATION' };
  if (error instanceof AlreadyRunning) return { error: error.message, code: 'ALREADY_RUNNING' };
  if (error instanceof UnfitDatabase) return { error: error.message, code: 'UNFIT_DATABASE' };
  return databaseFault(error) ?? systemFault(error) ?? ownError(error);
}

function severalFaults(errors: readonly unknown[]): ErrorReport {
  const faults = errors.map(errorReportOf);
  return { error: faults.map((one) => one.error).join('\n'), code: faults[0]?.code ?? 'FAILED' };
}

/** The sentence for a database that does not answer or cannot be used. */
function databaseFault(error: Error): ErrorReport | undefined {
  const { code = '', cause } = error as { code?: string; cause?: unknown };
  const away = code === common.UNAVAILABLE.code || code === common.TOO_SLOW.code;
  // An untranslated error of the driver has an SQLSTATE; any other code may come from anywhere.
  const said = away || /^(?=.*\d)[0-9A-Z]{5}$/.test(code) ? faultSentence(error) : undefined;
  if (said !== undefined) return { error: said, code };
  const fault = away ? clickhouseFault(error) : undefined;
  if (fault)
    return {
      error: `${fault.sentence[0]?.toUpperCase()}${fault.sentence.slice(1)} (${databaseReason(cause ?? {})}).`,
      code,
    };
  return away ? { error: `The database does not answer (${databaseReason(cause ?? {})}).`, code } : undefined;
}

interface SystemError {
  readonly code?: string;
  readonly message?: string;
  readonly syscall?: string;
  readonly path?: string;
  readonly address?: string;
  readonly port?: number;
  readonly hostname?: string;
  /** The setting of the port. */
  readonly setting?: string;
}

/** Faults of a server that cannot listen. */
const LISTEN_FAULTS: Readonly<Record<string, (error: SystemError) => string>> = {
  EADDRINUSE: ({ address, port, setting }) =>
    `Port ${port} on ${address} is taken by another program; set ${setting} to a free one, or stop that program.`,
  EADDRNOTAVAIL: ({ address }) =>
    `${address} is no address of this machine; set HOST to one that is, or to 0.0.0.0 for every one.`,
  EACCES: ({ port, setting }) =>
    `Port ${port} is not for this user (those below 1024 are for root); set ${setting} to another one.`,
  EPERM: ({ port, setting }) => `This user may not listen on port ${port}; set ${setting} to another one.`,
};

/** Faults of files and of system resources. */
const FILE_FAULTS: Readonly<Record<string, (what: string) => string>> = {
  EACCES: (what) => `${what} is not for this user; give it to this user, or name another place (DATA_DIR).`,
  EPERM: (what) => `${what} may not be changed by this user; give it to this user, or name another place (DATA_DIR).`,
  EROFS: (what) => `${what} is on a file system that is read-only; make it writable, or name another place (DATA_DIR).`,
  ENOSPC: (what) => `The disk of ${what} is full; make room on it, or name another place (DATA_DIR).`,
  EDQUOT: (what) => `The disk quota of this user is used up at ${what}; make room, or name another place (DATA_DIR).`,
  ENOENT: (what) => `${what} is not there; create it, or name another place.`,
  ENOTDIR: (what) => `${what} cannot be a folder, because a part of its path is a file; name another place.`,
  EEXIST: (what) => `${what} is there already and is something else; move it away, or name another place.`,
  EISDIR: (what) => `${what} is a folder and not a file; name a file.`,
  ELOOP: (what) => `${what} is a symbolic link that leads to itself; mend the link, or name another place.`,
  ENAMETOOLONG: (what) => `The path ${what} is too long; name a shorter one.`,
  EBUSY: (what) => `${what} is in use by another program; stop that one first.`,
  EIO: (what) => `The disk of ${what} does not read or write; look at the system log, and replace it.`,
  EMFILE: () => 'This process has too many files and connections open; raise its limit (ulimit -n 65536).',
  ENFILE: () => 'The system has too many files open; raise fs.file-max, or stop other programs.',
  ENOMEM: () => 'There is not enough memory; stop other programs, or raise the limit of this process.',
  EAGAIN: () => 'The system starts no more processes for this user; raise its limit (ulimit -u), or stop others.',
};

function systemFault(error: Error): ErrorReport | undefined {
  const { code = '', syscall = '', path, address, port, hostname, message } = error as SystemError;
  const { setting = 'PORT (or <SERVICE>_PORT)' } = error as SystemError;
  if (/^(listen|bind)/.test(syscall)) {
    const text = LISTEN_FAULTS[code]?.({ address, port, setting });
    if (text) return { error: text, code };
  }
  if (/^getaddrinfo/.test(syscall)) {
    return { error: `The name ${hostname} is not known here (${code}); check the setting that has it.`, code };
  }
  if (syscall.startsWith('spawn') && code === 'ENOENT') {
    return { error: `The program ${path} is not there; install it, or put its folder on PATH.`, code };
  }
  if (code === 'ERR_SQLITE_ERROR') {
    const text = `The lock of the data directory cannot be taken (${message}); DATA_DIR must be a folder that this user may write to, on a disk with room.`;
    return { error: text, code };
  }
  if (code === 'ERR_MODULE_NOT_FOUND') {
    return { error: `A package is not installed (${message?.split(' imported from')[0]}); run npm ci.`, code };
  }
  if (syscall === 'mkdir' && code === 'ENOENT') {
    return { error: `'${path}' cannot be made there; name another place (DATA_DIR).`, code };
  }
  const text = FILE_FAULTS[code]?.(path === undefined ? 'a file' : `'${path}'`);
  return text === undefined ? undefined : { error: text, code };
}

/** Tradepost's own errors are sentences with a remedy; an error of the runtime is unexpected. */
function ownError(error: Error): ErrorReport | undefined {
  if (error instanceof AppError) return { error: error.message, code: error.code };
  const isOwn = error.constructor === Error && !('code' in error) && /[.:]\s|\.$/.test(error.message);
  return isOwn ? { error: error.message, code: 'FAILED' } : undefined;
}

const REPORT =
  'This was not expected. Please report it with what the same command says when LOG_LEVEL=debug is set, and with the output of `tradepost doctor`.';

function unknownFault(error: unknown): ErrorReport {
  const { name, message, code, stack } = (error instanceof Error ? error : {}) as Partial<Error> & { code?: unknown };
  const said = message ? `${name}: ${message}` : String(error);
  const details = wantsDetails() ? `\n${stack ?? said}` : '';
  return { error: `${said}\n${REPORT}${details}`, code: typeof code === 'string' ? code : 'UNEXPECTED' };
}
