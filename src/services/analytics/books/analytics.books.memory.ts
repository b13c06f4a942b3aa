import type { BookDifference } from './analytics.books.contract.ts';
import type { JudgedDifference } from './analytics.finding.model.ts';

/** A difference younger than this is left to the events that may be on their way. */
const SETTLED_MS = 60_000;
/** The most differences that are kept in mind; what is beyond is found again by the next round. */
const MOST = 10_000;

type Seen = BookDifference & { readonly first_seen: string; readonly last_seen: string };

interface Entry extends Seen {
  readonly open: boolean;
}

/** What changed with a comparison. */
export interface Noted {
  readonly appeared: readonly BookDifference[];
  readonly mended: readonly BookDifference[];
}

/** What was compared. */
export interface ComparedIds {
  readonly order_ids: readonly number[];
  readonly product_ids?: readonly number[];
}

/** The differences that a process knows: young ones, and those that stayed for a minute. */
export interface DifferenceMemory {
  /** What a comparison of these things found; a difference that it did not find any more is forgotten. */
  note(compared: ComparedIds, found: readonly JudgedDifference[], now: string): Noted;
  /** Orders with a difference, those that were not looked at for longest first. */
  orders(most: number): number[];
  /** Oldest first. */
  open(): Seen[];
  young(): number;
}

/** In memory: after a restart the round, which begins anew then, finds every difference again. */
export function differenceMemory(): DifferenceMemory {
  const entries = new Map<string, Entry>();

  function remember(found: JudgedDifference, now: string): BookDifference | undefined {
    const { young, ...difference } = found;
    const known = entries.get(keyOf(found));
    if (!known && entries.size >= MOST) return undefined;
    const first_seen = known?.first_seen ?? now;
    const open = known?.open || (!young && Date.parse(now) - Date.parse(first_seen) >= SETTLED_MS);
    // The event since which it is known is the first that was seen with it.
    const since = known ? { since: known.since, event: known.event } : {};
    const entry = { ...difference, ...since, first_seen, last_seen: now, open };
    entries.delete(keyOf(found));
    entries.set(keyOf(found), entry);
    return open && !known?.open ? difference : undefined;
  }

  function forget({ order_ids, product_ids = [] }: ComparedIds, found: readonly JudgedDifference[]): BookDifference[] {
    const [orders, products] = [new Set<number | null>(order_ids), new Set<number | null>(product_ids)];
    const still = new Set(found.map(keyOf));
    const gone = [...entries].filter(
      ([key, { order_id, product_id }]) => !still.has(key) && (orders.has(order_id) || products.has(product_id)),
    );
    for (const [key] of gone) entries.delete(key);
    return gone.filter(([, { open }]) => open).map(([, entry]) => entry);
  }

  return {
    note: (compared, found, now) => ({
      mended: forget(compared, found),
      appeared: found.flatMap((one) => remember(one, now) ?? []),
    }),
    orders: (most) => [...new Set([...entries.values()].flatMap(({ order_id }) => order_id ?? []))].slice(0, most),
    open: () =>
      [...entries.values()]
        .filter(({ open }) => open)
        .map(({ open: _open, ...seen }) => seen)
        .sort((a, b) => Date.parse(a.first_seen) - Date.parse(b.first_seen)),
    young: () => [...entries.values()].filter(({ open }) => !open).length,
  };
}

const keyOf = ({ order_id, product_id, pair, what }: BookDifference): string =>
  `${order_id} ${product_id} ${pair} ${what}`;
