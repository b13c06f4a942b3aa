/** A difference younger than this is left to the event that may still be on its way. */
const SETTLED_MS = 60_000;

/** Since when two owners differ about a thing. One whose figures have changed meanwhile is young again. */
export interface OpenDifferences {
  /** Whether it has differed with these figures for so long that its event is no longer on its way. */
  isSettled(id: number, figures: string, now: number): boolean;
  /** It differs with these figures. */
  open(id: number, figures: string, now: number): void;
  close(id: number): void;
}

/** What a reconciliation remembers between its rounds; in memory: after a restart every difference is young. */
export function openDifferences(): OpenDifferences {
  const open = new Map<number, { readonly figures: string; readonly since: number }>();
  return {
    isSettled(id, figures, now) {
      const found = open.get(id);
      return found !== undefined && found.figures === figures && now - found.since >= SETTLED_MS;
    },
    open(id, figures, now) {
      if (open.get(id)?.figures !== figures) open.set(id, { figures, since: now });
    },
    close: (id) => void open.delete(id),
  };
}
