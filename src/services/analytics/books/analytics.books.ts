import type { Actions } from '../../../platform/app/actions.ts';
import type { Ctx } from '../../../platform/contract/contract.ts';
import type { Log } from '../../../platform/observability/log.ts';
import type { analyticsOps } from '../analytics.contract.ts';
import type { BookOwners } from './analytics.books.comparison.ts';
import { BOOKS_PAGE, type BooksState } from './analytics.books.contract.ts';
import { type DifferenceMemory, differenceMemory, type Noted } from './analytics.books.memory.ts';
import { exposeBookDifferences } from './analytics.books.metric.ts';
import { bookPages, FIRST_PLACE, isNamedAt, placeCursor, placeOf } from './analytics.books.pages.ts';
import { booksRound, type NoteCompared } from './analytics.books.round.ts';
import { changedOrders } from './analytics.changed-orders.ts';

interface BookParts {
  readonly owners: BookOwners;
  readonly log: Pick<Log, 'error' | 'info'>;
}

/** The orders that one run compares at most because they changed, or differed before; the round has as many. */
const ORDERS_A_RUN = 1_000;
const NAMED = 100;
const LOGGED_A_RUN = 20;

/** How events name the orders whose books are to be compared. */
export interface BookInternalActions {
  /** An event concerns this: `order/17`; anything else is left out. */
  noteChange(about: string | undefined): void;
}

/** Compares the books with each other: a page for who asks, and always as a job. It reports, and changes nothing. */
export function bookActions({ owners, log }: BookParts) {
  const pages = bookPages(owners);
  const memory = differenceMemory();
  const changed = changedOrders();
  const round = booksRound(pages);
  let last_run_at: string | null = null;
  exposeBookDifferences([]);

  return {
    async books(ctx, { from_id, limit = BOOKS_PAGE, cursor }) {
      const place = cursor === undefined ? { ...FIRST_PLACE, from_id } : placeOf(cursor);
      const { compared, next, ...page } = await pages.comparePage(ctx, place, limit);
      const differences = page.differences.filter((one) => isNamedAt(place, one));
      const settled = differences.filter(({ young }) => !young).map(({ young: _young, ...one }) => one);
      return {
        compared,
        differences: settled,
        on_their_way: differences.length - settled.length,
        next: next ? placeCursor(next) : null,
        state: stateOf(memory, { last_run_at, round: round.state() }),
      };
    },
    async compareBooks(ctx) {
      const total = { compared: 0, appeared: 0, mended: 0 };
      const note: NoteCompared = (ids, found) => {
        const noted = memory.note(ids, found.differences, ctx.now);
        report(noted, total.appeared + total.mended);
        total.compared += found.compared;
        total.appeared += noted.appeared.length;
        total.mended += noted.mended.length;
      };
      try {
        await compareKnown(ctx, note);
        await round.run(ctx, note);
      } finally {
        exposeBookDifferences(memory.open());
      }
      last_run_at = ctx.now;
      return total;
    },
    noteChange: changed.note,
  } satisfies Pick<Actions<typeof analyticsOps>, 'books' | 'compareBooks'> & BookInternalActions;

  /** Compares what changed since the last run, and what differed then. */
  async function compareKnown(ctx: Ctx, note: NoteCompared): Promise<void> {
    const fresh = changed.take(ORDERS_A_RUN);
    const order_ids = [...new Set([...fresh, ...memory.orders(ORDERS_A_RUN)])].slice(0, ORDERS_A_RUN);
    try {
      for (let from = 0; from < order_ids.length; from += BOOKS_PAGE) {
        const some = order_ids.slice(from, from + BOOKS_PAGE);
        note({ order_ids: some }, await pages.compareOrders(ctx, some));
      }
    } catch (error) {
      // An owner is out of reach: these are compared in the next run.
      changed.putBack(fresh);
      throw error;
    }
  }

  function report({ appeared, mended }: Noted, before: number): void {
    for (const one of appeared.slice(0, Math.max(0, LOGGED_A_RUN - before))) log.error(one, 'two books differ');
    for (const { pair, order_id, what } of mended.slice(0, Math.max(0, LOGGED_A_RUN - before)))
      log.info({ pair, order_id, what }, 'two books that differed agree');
  }
}

function stateOf(memory: DifferenceMemory, rest: Pick<BooksState, 'last_run_at' | 'round'>): BooksState {
  const open = memory.open();
  return { ...rest, young: memory.young(), open: open.slice(0, NAMED), open_total: open.length };
}
