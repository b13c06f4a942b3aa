import type { Log } from './log.ts';

const SUMMARY_INTERVAL_MS = 10_000;
const MAX_KINDS = 100;

/** Logs one occurrence of a fault: its sentence, and the fields of this occurrence. */
export type FaultLog = (sentence: string, fields: object) => void;

interface Kind {
  repeats: number;
}

/**
 * A rate-limited log of faults: the first of a kind is logged at once, then, every ten seconds, the number of repeats.
 * Sentences that differ only in their numbers are one kind.
 */
export function faultLog(log: Log): FaultLog {
  const kinds = new Map<string, Kind>();

  function summarise(key: string, kind: Kind, sentence: string): void {
    if (kind.repeats === 0) {
      kinds.delete(key);
      return;
    }
    log.warn({ count: kind.repeats }, `${sentence} (${kind.repeats} more in ${SUMMARY_INTERVAL_MS / 1000} s)`);
    kind.repeats = 0;
    schedule(key, kind, sentence);
  }

  function schedule(key: string, kind: Kind, sentence: string): void {
    setTimeout(() => summarise(key, kind, sentence), SUMMARY_INTERVAL_MS).unref();
  }

  return (sentence, fields) => {
    const own = sentence.replace(/\d+/g, '#');
    const key = kinds.has(own) || kinds.size < MAX_KINDS ? own : 'others';
    const known = kinds.get(key);
    if (known) {
      known.repeats += 1;
      return;
    }
    const kind = { repeats: 0 };
    kinds.set(key, kind);
    log.warn(fields, sentence);
    schedule(key, kind, sentence);
  };
}
