import type { Ctx } from '../../../platform/contract/contract.ts';
import { minor } from '../../../platform/contract/money.ts';
import type { ComparedKind, FoundDifference, Ledger } from '../payment.repository.ts';
import type { BalanceDifference } from './payment.ledger.contract.ts';

/** An entry younger than this may be followed by an older one whose commit came later: it is looked at again. */
const SETTLED_MS = 300_000;
const KINDS: readonly ComparedKind[] = ['transaction', 'order', 'wallet'];
const DIFFERENCES_SHOWN = 100;

export interface CheckedLedger {
  readonly sum: ReturnType<typeof minor>;
  readonly entries: number;
  readonly all_compared_at: string;
  readonly differences: BalanceDifference[];
}

/**
 * Compares what is kept with the ledger. The first check of a process compares everything, page by page; each further
 * one what has new entries, and the next page of everything else, so that all of it comes again in time. What differs is
 * remembered until it agrees.
 */
export function ledgerCheck({
  comparison,
}: Pick<Ledger, 'comparison'>): (ctx: Pick<Ctx, 'now'>) => Promise<CheckedLedger> {
  const differences = rememberedDifferences();
  const after: Record<ComparedKind, number> = { transaction: 0, order: 0, wallet: 0 };
  let mark = 0;
  let all_compared_at: string | undefined;
  let last: Promise<unknown> = Promise.resolve();

  // One after the other: two at once would compare the same, and forget what the other one has found.
  return (ctx) => {
    const checked = last.then(() => check(ctx));
    last = checked.catch(() => undefined);
    return checked;
  };

  async function check({ now }: Pick<Ctx, 'now'>): Promise<CheckedLedger> {
    const before = new Date(Date.parse(now) - SETTLED_MS).toISOString();
    const { entry_id: entries, settled } = await comparison.lastEntry(before);
    if (all_compared_at === undefined) {
      for (const kind of KINDS) while (await comparePage(kind, now));
      [mark, all_compared_at] = [settled, now];
    } else {
      await compareChanged(before, now);
      for (const kind of KINDS) await comparePage(kind, now);
    }
    // An entry is one amount from one account to another: they cannot but sum to zero.
    return { sum: minor(0), entries, all_compared_at, differences: differences.list() };
  }

  async function compareChanged(before: string, now: string): Promise<void> {
    for (let [from, more] = [mark, true]; more; ) {
      const changes = await comparison.changedAfter(from, before);
      for (const kind of KINDS) await compare(kind, changes.ids[kind], now);
      mark = changes.settled ?? mark;
      [from, more] = [changes.last, changes.more];
    }
  }

  /** Whether there was a page: after the last one it begins again. */
  async function comparePage(kind: ComparedKind, now: string): Promise<boolean> {
    const ids = await comparison.page(kind, after[kind]);
    after[kind] = ids.at(-1) ?? 0;
    await compare(kind, ids, now);
    return ids.length > 0;
  }

  async function compare(kind: ComparedKind, ids: readonly number[], now: string): Promise<void> {
    if (ids.length > 0) differences.replace(kind, ids, await comparison.compare(kind, ids), now);
  }
}

function rememberedDifferences() {
  const known = new Map<string, BalanceDifference[]>();
  return {
    replace(kind: ComparedKind, ids: readonly number[], found: readonly FoundDifference[], now: string): void {
      const byId = Map.groupBy(found, ({ id }) => id);
      for (const id of ids) {
        const key = `${kind}/${id}`;
        const before = new Map(known.get(key)?.map(({ what, since }) => [what, since]));
        const current = byId.get(id)?.map(({ id: _id, ...one }) => ({ ...one, since: before.get(one.what) ?? now }));
        if (current) known.set(key, current);
        else known.delete(key);
      }
    },
    list: () =>
      [...known.values()]
        .flat()
        .toSorted((a, b) => (a.what < b.what ? -1 : 1))
        .slice(0, DIFFERENCES_SHOWN),
  };
}
