import type { Minor } from '../../../platform/contract/money.ts';
import type { LineItem, Reservation, ReservedLine } from '../product.contract.ts';
import type { ReservationRequest } from '../product.repository.ts';
import type { OpenedProducts, Put } from './product.puts.clickhouse.ts';
import type { KeptProduct } from './product.stock.clickhouse.ts';
import { openAccounts, type StockAccounts } from './product.stock-entries.clickhouse.ts';

/** A reservation that is not released. */
export interface StoredReservation {
  /** Of its order. */
  readonly id: number;
  /** Those of its lines whose stock was counted. */
  readonly items: readonly LineItem[];
  /** Empty when it cannot come again. */
  readonly request: string;
  /** Null: it does not run out. */
  readonly expires_at: string | null;
  /** Whose unpaid units they are; 0: nobody's, once they are paid or where there is no limit. */
  readonly user_id: number;
  /** Whether its units have left, and the time of the event that said so last. */
  readonly shipped: boolean;
  readonly at: string;
}

/** An order whose units move, and when. */
export interface Ended {
  readonly order_id: number;
  readonly at: string;
}

/** What calls that share a turn do to the stock, one after another: each sees what those before it left. */
export interface StockSession {
  /** A product with the stock that it has at this moment of the turn. */
  product(product_id: number): KeptProduct | undefined;
  /** Takes all lines or none; of an order or a request that holds something already, renews that. */
  reserve(request: ReservationRequest): Reservation;
  release(ended: Ended): void;
  ship(ended: Ended): void;
  unship(ended: Ended): void;
  renew(order_id: number, until: string): void;
  /** Those that ran out before `now` never do again. */
  keep(order_ids: readonly number[], now: string): void;
  /** The units of an order count no longer towards the limit of its customer. */
  paid(order_id: number): void;
  put(product: KeptProduct, put: Put): void;
  /** The rows of all that has changed: one of each reservation and of each product, and the entries of the ledger. */
  rows(): object[];
}

type Move = 'giveBack' | 'ship' | 'comeBack';

/** When nothing was said yet. */
export const NEVER = '1970-01-01T00:00:00.000Z';

interface StockState {
  readonly held: Map<number, StoredReservation>;
  readonly byRequest: Map<string, number>;
  readonly accounts: StockAccounts;
  /** Unpaid units, by customer and product. */
  readonly unpaid: Map<string, number>;
  readonly changed: Map<number, object>;
}

/** What a turn is about. */
export interface SessionParts {
  readonly reservations: readonly StoredReservation[];
  readonly opened?: OpenedProducts;
  /** The reservations of customers who may hold only so much. */
  readonly unpaid?: readonly StoredReservation[];
  readonly now: string;
}

const NO_PRODUCTS: OpenedProducts = { products: new Map(), puts: new Map(), unbooked: new Map() };

/** Opens a turn over the reservations that it is about, and over the products whose stock may move. */
export function openStockSession({ reservations, opened = NO_PRODUCTS, unpaid = [], now }: SessionParts): StockSession {
  const books: StockState = {
    held: new Map(reservations.map((one) => [one.id, one])),
    byRequest: new Map(reservations.flatMap((one) => (one.request === '' ? [] : [[one.request, one.id]]))),
    accounts: openAccounts(opened, now),
    unpaid: new Map(),
    changed: new Map(),
  };
  const { held, accounts } = books;
  for (const { user_id, items } of unpaid) addUnpaid(books, user_id, items);
  const change = (one: StoredReservation | undefined, more: Partial<StoredReservation>): void => {
    if (one) write(books, { ...one, ...more });
  };
  const moveAll = ({ id: order_id, items }: StoredReservation, at: string, move: Move): void => {
    for (const { product_id, quantity } of items) accounts[move](product_id, quantity, { at, order_id });
  };
  /** Moves the units of an order out of the shop or back, unless something newer is known. */
  const moveTo = (shipped: boolean, { order_id, at }: Ended): void => {
    const mine = held.get(order_id);
    if (!mine || mine.shipped === shipped || Date.parse(mine.at) >= Date.parse(at)) return;
    moveAll(mine, at, shipped ? 'ship' : 'comeBack');
    change(mine, { shipped, at, user_id: 0 });
  };
  return {
    product(product_id) {
      const found = accounts.product(product_id);
      return found && { ...found, stock_quantity: accounts.left(product_id) };
    },
    reserve(wanted) {
      const mine = held.get(books.byRequest.get(wanted.request ?? '') ?? wanted.order_id);
      if (!mine) return take(books, wanted);
      change(mine, { expires_at: wanted.until });
      return { order_id: mine.id, reserved: true, lines: wanted.lines.map((line) => lineOf(books, line)) };
    },
    release({ order_id, at }) {
      const mine = held.get(order_id);
      if (!mine) return;
      if (mine.shipped) moveAll(mine, at, 'comeBack');
      moveAll(mine, at, 'giveBack');
      write(books, mine, true);
    },
    ship: (ended) => moveTo(true, ended),
    unship: (ended) => moveTo(false, ended),
    renew: (order_id, expires_at) => change(held.get(order_id), { expires_at }),
    keep(order_ids, before) {
      for (const order_id of order_ids) {
        const mine = held.get(order_id);
        if (mine && mine.expires_at !== null && Date.parse(mine.expires_at) < Date.parse(before))
          change(mine, { expires_at: null });
      }
    },
    paid: (order_id) => change(held.get(order_id), { user_id: 0 }),
    put: accounts.put,
    rows: () => [...books.changed.values(), ...accounts.rows()],
  };
}

function take(books: StockState, wanted: ReservationRequest): Reservation {
  const { order_id, lines, until, at, request = '', limit } = wanted;
  const own = new Map<number, number>();
  for (const { product_id, quantity } of lines) own.set(product_id, (own.get(product_id) ?? 0) + quantity);
  const answered = lines.map((line) => lineOf(books, line, { ...wanted, quantity: own.get(line.product_id) ?? 0 }));
  const reserved = answered.every(({ outcome }) => outcome === 'reserved');
  const items = lines.filter(({ product_id }) => books.accounts.left(product_id) !== null);
  if (reserved && items.length > 0) {
    for (const { product_id, quantity } of items) books.accounts.take(product_id, quantity, { at, order_id });
    // A customer is named only where there is a limit and something to pay.
    const user_id = limit && answered.some(({ unit_price }) => unit_price > 0) ? limit.user_id : 0;
    if (user_id !== 0) addUnpaid(books, user_id, items);
    write(books, { id: order_id, items, request, expires_at: until, user_id, shipped: false, at: NEVER });
    if (request !== '') books.byRequest.set(request, order_id);
  }
  return { order_id, reserved, lines: answered };
}

const ofCustomer = (user_id: number, product_id: number): string => `${user_id} ${product_id}`;

function addUnpaid({ unpaid }: StockState, user_id: number, items: readonly LineItem[]): void {
  for (const { product_id, quantity } of items) {
    const key = ofCustomer(user_id, product_id);
    unpaid.set(key, (unpaid.get(key) ?? 0) + quantity);
  }
}

function write({ held, changed }: StockState, one: StoredReservation, released = false): void {
  if (released) held.delete(one.id);
  else held.set(one.id, one);
  changed.set(one.id, { kind: 'reservation', ...one, items: JSON.stringify(one.items), released });
}

/** What an order wants of a product, in all its lines, and what it is paid in. */
type Wanted = Pick<ReservationRequest, 'currency' | 'limit'> & { readonly quantity: number };

/** A line as it is answered; without `wanted` its order holds it already. */
function lineOf({ accounts, unpaid }: StockState, { product_id, quantity }: LineItem, wanted?: Wanted): ReservedLine {
  const product = accounts.product(product_id);
  const stock = accounts.left(product_id);
  const { name = '', description = '', price = 0 as Minor, currency = '' } = product ?? {};
  const facts = { product_id, quantity, name, description, unit_price: price, currency, left: stock ?? 0 };
  const outcome = outcomeOf(product, stock, wanted);
  const limit = wanted?.limit;
  if (outcome !== 'reserved' || stock === null || !wanted || !limit) return { ...facts, outcome };
  const held = unpaid.get(ofCustomer(limit.user_id, product_id)) ?? 0;
  return held + wanted.quantity > limit.most
    ? { ...facts, outcome: 'over_limit', limit: limit.most, held }
    : { ...facts, outcome };
}

function outcomeOf(
  product: KeptProduct | undefined,
  stock: number | null,
  wanted: Wanted | undefined,
): ReservedLine['outcome'] {
  if (!product) return 'not_found';
  if (!wanted) return 'reserved';
  if (product.withdrawn_at !== null) return 'not_found';
  if (product.currency !== wanted.currency) return 'other_currency';
  if (!product.for_sale || stock === 0) return 'out_of_stock';
  return stock !== null && wanted.quantity > stock ? 'short' : 'reserved';
}
