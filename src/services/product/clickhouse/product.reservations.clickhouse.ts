import { rowFaultInClickHouse } from '../../../platform/db/clickhouse/refusals.ts';
import type { ClickHouseStore } from '../../../platform/db/clickhouse/store/store.ts';
import { coalesce } from '../../../platform/db/coalesce.ts';
import type { LineItem } from '../product.contract.ts';
import type { ProductRepository, ReservationRequest } from '../product.repository.ts';
import { type HeldReader, heldReader } from './product.held.clickhouse.ts';
import type { OpenProducts } from './product.puts.clickhouse.ts';
import { type Ended, openStockSession, type StockSession } from './product.stock-session.clickhouse.ts';

type Reservations = Pick<
  ProductRepository,
  'reserve' | 'release' | 'ship' | 'unship' | 'keep' | 'renew' | 'paid' | 'correct'
>;

interface ReservationParts {
  readonly store: ClickHouseStore;
  readonly open: OpenProducts;
}

/** So many calls are one block: the engine takes as long for one as for hundreds. */
const LARGEST_BLOCK = 512;

/** Moves of the stock, beside those of its orders. */
export interface StockTurns extends Reservations, Pick<ProductRepository, 'expired' | 'forgetCustomers'> {
  /** Brings into the ledger what was set of products. */
  book(product_ids: readonly number[]): Promise<void>;
  /** Runs `work` as the only one who moves stock, over one product. */
  alone<T>(product_id: number, now: string, work: (moves: StockSession) => Promise<T>): Promise<T>;
}

/**
 * Reservations in ClickHouse: rows of the same table as the units that are left, because the two change in one block.
 * Whoever moves stock reads and writes as the only one at work on that table; calls that wait at the same moment
 * share one turn.
 */
export function reservationsClickHouse({ store, open }: ReservationParts): StockTurns {
  const held = heldReader(store);

  const { inTurn, together } = turnsOver(store);

  /** A turn in which no units move. */
  const still = async (order_ids: readonly number[]) =>
    openStockSession({ reservations: await held.of(order_ids), now: '' });

  const ending = async (batch: readonly Ended[]): Promise<StockSession> => {
    const reservations = await held.of(batch.map(({ order_id }) => order_id));
    const opened = await open(reservations.flatMap(({ items }) => productsOf(items)));
    return openStockSession({ reservations, opened, now: batch[0]?.at ?? '' });
  };
  const over = async (product_ids: readonly number[], now: string) =>
    openStockSession({ reservations: [], opened: await open(product_ids), now });

  const renew = together(
    'renew',
    (batch: readonly Pick<ReservationRequest, 'order_id' | 'until'>[]) => still(batch.map(({ order_id }) => order_id)),
    (moves, { order_id, until }) => moves.renew(order_id, until),
  );
  const paid = together('paid', still, (moves, order_id: number) => moves.paid(order_id));
  const release = together('release', ending, (moves, one) => moves.release(one));
  const ship = together('ship', ending, (moves, one) => moves.ship(one));
  const unship = together('unship', ending, (moves, one) => moves.unship(one));
  const book = together(
    'book',
    (batch: readonly (readonly number[])[]) => over(batch.flat(), new Date().toISOString()),
    () => undefined,
  );
  return {
    reserve: together('reserve', taker(held, open), (moves, one) => moves.reserve(one)),
    release: (order_id, at) => release({ order_id, at }),
    ship: (order_id, at) => ship({ order_id, at }),
    unship: (order_id, at) => unship({ order_id, at }),
    renew: (order_id, until) => renew({ order_id, until }),
    keep: (order_ids, now) =>
      inTurn(
        () => still(order_ids),
        (moves) => moves.keep(order_ids, now),
      ),
    paid,
    async forgetCustomers() {
      for (let ids = await held.unpaid(LARGEST_BLOCK); ids.length > 0; ids = await held.unpaid(LARGEST_BLOCK))
        await Promise.all(ids.map(paid));
    },
    correct: (product_id, now) =>
      inTurn(
        async () => openStockSession({ reservations: [], opened: await open([product_id], true), now }),
        () => undefined,
      ),
    expired: held.expired,
    book,
    alone: (product_id, now, work) => inTurn(() => over([product_id], now), work),
  };
}

/** Turns over the table of the stock. */
function turnsOver(store: ClickHouseStore) {
  const into = store.writer('stock');
  const inTurn = <T>(start: () => Promise<StockSession>, decide: (moves: StockSession) => Promise<T> | T): Promise<T> =>
    into.write(async () => {
      const moves = await start();
      const answer = await decide(moves);
      return { rows: moves.rows(), answer };
    });
  const together = <In, Out>(
    name: string,
    start: (batch: readonly In[]) => Promise<StockSession>,
    decide: (moves: StockSession, one: In) => Out,
  ): ((one: In) => Promise<Out>) =>
    coalesce<In, Out>({
      name: `product ${name}`,
      maxBatch: LARGEST_BLOCK,
      faultOfOneRow: rowFaultInClickHouse,
      run: (batch) =>
        inTurn(
          () => start(batch),
          (moves) => batch.map((one) => decide(moves, one)),
        ),
    });
  return { inTurn, together };
}

const productsOf = (lines: readonly LineItem[]): number[] => lines.map(({ product_id }) => product_id);

/** Opens a turn in which orders take units. */
function taker(held: HeldReader, open: ReservationParts['open']) {
  return async (batch: readonly ReservationRequest[]): Promise<StockSession> => {
    const order_ids = batch.map(({ order_id }) => order_id);
    const requests = batch.flatMap(({ request }) => (request === undefined ? [] : [request]));
    const customers = batch.flatMap(({ limit }) => (limit ? [limit.user_id] : []));
    const [reservations, opened, unpaid] = await Promise.all([
      held.of(order_ids, requests),
      open(batch.flatMap(({ lines }) => productsOf(lines))),
      held.ofCustomers(customers),
    ]);
    return openStockSession({ reservations, opened, unpaid, now: batch[0]?.at ?? '' });
  };
}
