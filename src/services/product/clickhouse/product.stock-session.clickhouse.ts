import type { Minor } from '../../../platform/contract/money.ts';
import type { LineItem, Reservation, ReservedLine } from '../product.contract.ts';
import type { ReservationRequest } from '../product.repository.ts';
import type { KeptProduct } from './product.stock.clickhouse.ts';

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
}

/** What calls that share a turn do to the stock, one after another: each sees what those before it left. */
export interface StockSession {
  /** Takes all lines or none; of an order or a request that holds something already, renews that. */
  reserve(request: ReservationRequest): Reservation;
  release(order_id: number): void;
  renew(order_id: number, until: string): void;
  /** Those that ran out before `now` never do again. */
  keep(order_ids: readonly number[], now: string): void;
  /** The rows of all that has changed: one of each reservation and of each product. */
  rows(): object[];
}

interface StockState {
  readonly held: Map<number, StoredReservation>;
  readonly byRequest: Map<string, number>;
  readonly products: ReadonlyMap<number, KeptProduct>;
  /** Units of each product; null: not counted. */
  readonly left: Map<number, number | null>;
  readonly changed: Map<string, object>;
}

/** Opens a turn over the reservations that it is about, and over the products whose stock may move. */
export function openStockSession(
  reservations: readonly StoredReservation[],
  products: ReadonlyMap<number, KeptProduct> = new Map(),
): StockSession {
  const books: StockState = {
    held: new Map(reservations.map((one) => [one.id, one])),
    byRequest: new Map(reservations.flatMap((one) => (one.request === '' ? [] : [[one.request, one.id]]))),
    products,
    left: new Map([...products].map(([id, { stock_quantity }]) => [id, stock_quantity])),
    changed: new Map(),
  };
  const { held } = books;
  const runOut = (one: StoredReservation | undefined, expires_at: string | null): void => {
    if (one) write(books, { ...one, expires_at });
  };
  return {
    reserve(wanted) {
      const mine = held.get(books.byRequest.get(wanted.request ?? '') ?? wanted.order_id);
      if (!mine) return take(books, wanted);
      runOut(mine, wanted.until);
      return { order_id: mine.id, reserved: true, lines: wanted.lines.map((line) => lineOf(books, line)) };
    },
    release(order_id) {
      const mine = held.get(order_id);
      if (!mine) return;
      for (const { product_id, quantity } of mine.items) move(books, product_id, quantity);
      write(books, mine, true);
    },
    renew: (order_id, until) => runOut(held.get(order_id), until),
    keep(order_ids, now) {
      for (const order_id of order_ids) {
        const mine = held.get(order_id);
        if (mine && mine.expires_at !== null && Date.parse(mine.expires_at) < Date.parse(now)) runOut(mine, null);
      }
    },
    rows: () => [...books.changed.values()],
  };
}

function take(books: StockState, { order_id, lines, until, currency, request = '' }: ReservationRequest): Reservation {
  const own = new Map<number, number>();
  for (const { product_id, quantity } of lines) own.set(product_id, (own.get(product_id) ?? 0) + quantity);
  const answered = lines.map((line) => lineOf(books, line, { quantity: own.get(line.product_id) ?? 0, currency }));
  const reserved = answered.every(({ outcome }) => outcome === 'reserved');
  const items = lines.filter(({ product_id }) => (books.left.get(product_id) ?? null) !== null);
  if (reserved && items.length > 0) {
    for (const { product_id, quantity } of items) move(books, product_id, -quantity);
    write(books, { id: order_id, items, request, expires_at: until });
    if (request !== '') books.byRequest.set(request, order_id);
  }
  return { order_id, reserved, lines: answered };
}

function write({ held, changed }: StockState, one: StoredReservation, released = false): void {
  if (released) held.delete(one.id);
  else held.set(one.id, one);
  changed.set(`reservation ${one.id}`, { kind: 'reservation', ...one, items: JSON.stringify(one.items), released });
}

/** Takes units of a product whose stock is counted, or gives them back. */
function move({ products, left, changed }: StockState, product_id: number, quantity: number): void {
  const before = left.get(product_id) ?? null;
  const product = products.get(product_id);
  if (before === null || !product) return;
  const units = before + quantity;
  left.set(product_id, units);
  const { stock_version } = product;
  changed.set(`product ${product_id}`, { kind: 'product', id: product_id, stock_version, units });
}

/** What an order wants of a product, in all its lines, and what it is paid in. */
interface Wanted {
  readonly quantity: number;
  readonly currency: string;
}

/** A line as it is answered; without `wanted` its order holds it already. */
function lineOf({ products, left }: StockState, { product_id, quantity }: LineItem, wanted?: Wanted): ReservedLine {
  const product = products.get(product_id);
  const stock = left.get(product_id) ?? null;
  const { name = '', description = '', price = 0 as Minor, currency = '' } = product ?? {};
  const facts = { product_id, quantity, name, description, unit_price: price, currency, left: stock ?? 0 };
  return { ...facts, outcome: outcomeOf(product, stock, wanted) };
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
