import { Down } from '../../observability/health.ts';
import { type DatabaseFault, databaseFaultOf } from './faults.ts';

/** What is known of whether a database can be written to: from the last real write, and from a look of its own. */
export interface Writes {
  /** Something was committed just now. */
  succeeded(): void;
  /** A statement failed; what says nothing of writing is passed over. */
  failed(error: unknown): void;
  /** Throws `Down` with a public sentence when nothing can be written. */
  check(): Promise<void>;
}

interface Look {
  /** Whether the server takes reads only. */
  readonly status: () => Promise<{ readOnly: boolean }>;
  /** Writes something that needs what a save needs, and keeps nothing. */
  readonly attempt: () => Promise<void>;
}

// However often one asks, it looks no more often than this.
const LOOK_EVERY_MS = 1_000;
// A failure of a real write counts this long, unless one succeeds meanwhile.
const FAILURE_COUNTS_MS = 5_000;
const READ_ONLY = new Down('the database is read-only');

/** Watches the writes of a database. */
export function watchWrites({ status, attempt }: Look): Writes {
  let failure: { readonly fault: DatabaseFault; readonly at: number } | undefined;
  let success = Number.NEGATIVE_INFINITY;
  let look: { readonly at: number; readonly outcome: Promise<void> } | undefined;

  async function lookNow(): Promise<void> {
    try {
      if ((await status()).readOnly) throw READ_ONLY;
      await attempt();
    } catch (error) {
      const fault = databaseFaultOf(error);
      // Our user may not write a message to the log of the server: then only real writes tell.
      if (fault?.remedy && !isOfTheLook(error)) throw new Down(fault.sentence);
      if (!isOfTheLook(error)) throw error;
    }
  }

  return {
    succeeded() {
      failure = undefined;
      success = performance.now();
    },
    failed(error) {
      const fault = databaseFaultOf(error);
      if (fault?.unwritable) failure = { fault, at: performance.now() };
    },
    async check() {
      const now = performance.now();
      if (failure && now - failure.at < FAILURE_COUNTS_MS) throw new Down(failure.fault.sentence);
      if (now - success < LOOK_EVERY_MS) return;
      if (!look || now - look.at >= LOOK_EVERY_MS) look = { at: now, outcome: lookNow() };
      await look.outcome;
    },
  };
}

const isOfTheLook = (error: unknown): boolean => {
  const { code, cause } = error as { code?: string; cause?: { code?: string } };
  return ['42501', '42883', '53400'].includes(cause?.code ?? code ?? '');
};
