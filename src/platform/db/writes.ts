import { Down } from '../observability/health.ts';

/** What is known of whether a database can be written to: from the last real write, and from a look of its own. */
export interface Writes {
  /** Something was committed just now. */
  succeeded(): void;
  /** A statement failed; what says nothing of writing is passed over. */
  failed(error: unknown): void;
  /** Throws `Down` with a public sentence when nothing can be written. */
  check(): Promise<void>;
}

/** What an error of the engine says of writing. */
export interface Unwritable {
  /** It is public: it names no address, no user and no secret. */
  readonly sentence: string;
  /** Whether the engine answers and cannot be written to. */
  readonly unwritable?: boolean;
}

interface Look {
  /** Writes something that needs what a save needs. Throws when that fails. */
  readonly attempt: () => Promise<void>;
  /** Undefined for an error that says nothing of the engine. */
  readonly faultOf: (error: unknown) => Unwritable | undefined;
}

// However often one asks, it looks no more often than this.
const LOOK_EVERY_MS = 1_000;
// A failure of a real write counts this long, unless one succeeds meanwhile.
const FAILURE_COUNTS_MS = 5_000;

/** Watches the writes of a store. */
export function watchWrites({ attempt, faultOf }: Look): Writes {
  let failure: { readonly sentence: string; readonly at: number } | undefined;
  let success = Number.NEGATIVE_INFINITY;
  let look: { readonly at: number; readonly outcome: Promise<void>; over: boolean } | undefined;

  async function lookNow(): Promise<void> {
    try {
      await attempt();
    } catch (error) {
      const fault = faultOf(error);
      throw fault ? new Down(fault.sentence) : error;
    }
  }

  /** One at a time: where the engine is silent, looks would pile up behind each other. */
  function newLook(at: number) {
    const one = { at, outcome: lookNow(), over: false };
    const end = () => {
      one.over = true;
    };
    one.outcome.then(end, end);
    return one;
  }

  return {
    succeeded() {
      failure = undefined;
      success = performance.now();
    },
    failed(error) {
      const fault = faultOf(error);
      if (fault?.unwritable) failure = { sentence: fault.sentence, at: performance.now() };
    },
    async check() {
      const now = performance.now();
      if (failure && now - failure.at < FAILURE_COUNTS_MS) throw new Down(failure.sentence);
      if (now - success < LOOK_EVERY_MS) return;
      if (!look || (look.over && now - look.at >= LOOK_EVERY_MS)) look = newLook(now);
      await look.outcome;
    },
  };
}
