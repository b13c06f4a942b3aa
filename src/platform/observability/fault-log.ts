import type { Log } from './log.ts';

const QUIET_MS = 10_000;
const MAX_KINDS = 100;

/** Takes one occurrence of a fault: its sentence, and what belongs to this occurrence. */
export type FaultLog = (sentence: string, fields: object) => void;

interface Kind {
  more: number;
}

/**
 * A log of faults that a flood cannot fill: the first of a kind is printed at once, and then, every ten seconds, how
 * many more there were. Sentences that differ only in their figures are one kind.
 */
export function faultLog(log: Log): FaultLog {
  const kinds = new Map<string, Kind>();

  function summarise(key: string, kind: Kind, sentence: string): void {
    if (kind.more === 0) {
      kinds.delete(key);
      return;
    }
    log.warn({ count: kind.more }, `${sentence} (${kind.more} more in ${QUIET_MS / 1000} s)`);
    kind.more = 0;
    later(key, kind, sentence);
  }

  function later(key: string, kind: Kind, sentence: string): void {
    setTimeout(() => summarise(key, kind, sentence), QUIET_MS).unref();
  }

  return (sentence, fields) => {
    const own = sentence.replace(/\d+/g, '#');
    const key = kinds.has(own) || kinds.size < MAX_KINDS ? own : 'others';
    const known = kinds.get(key);
    if (known) {
      known.more += 1;
      return;
    }
    const kind = { more: 0 };
    kinds.set(key, kind);
    log.warn(fields, sentence);
    later(key, kind, sentence);
  };
}
