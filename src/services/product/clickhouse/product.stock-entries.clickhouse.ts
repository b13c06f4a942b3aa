import type { MovementKind } from '../stock/product.stock.contract.ts';
import type { OpenedProducts, Put, Unbooked } from './product.puts.clickhouse.ts';
import type { KeptProduct, StockTotals } from './product.stock.clickhouse.ts';

/** What a movement is, beside its units. */
export interface Because {
  readonly at: string;
  readonly order_id?: number;
  readonly user_id?: number | null;
  readonly reason?: string | null;
}

/** The stock of the products of one turn, as the turn changes it, with the entries that explain it. */
export interface StockAccounts {
  product(product_id: number): KeptProduct | undefined;
  /** null: not tracked, or not there. */
  left(product_id: number): number | null;
  /** Takes units for an order. */
  take(product_id: number, quantity: number, because: Because): void;
  /** Gives units of an order back; those of a product that is not tracked any more are on hand nowhere. */
  giveBack(product_id: number, quantity: number, because: Because): void;
  /** Units of an order have left. */
  ship(product_id: number, quantity: number, because: Because): void;
  /** Units that had left are in the shop again. */
  comeBack(product_id: number, quantity: number, because: Because): void;
  /** A version of a product has set its stock. */
  put(product: KeptProduct, put: Put): void;
  /** The rows of all products that changed, and of the entries. */
  rows(): object[];
}

interface Account {
  product: KeptProduct;
  totals: StockTotals;
}

/** The accounts of a turn, which of them have changed, and their new entries. */
interface Book {
  readonly accounts: Map<number, Account>;
  readonly changed: Set<number>;
  readonly entries: object[];
}

const UNTRACKED = 'the stock is not tracked any more';

/** Opens the accounts of products, and books what the ledger does not have of them yet. */
export function openAccounts({ products, puts, unbooked }: OpenedProducts, now: string): StockAccounts {
  const book: Book = { accounts: new Map(), changed: new Set(), entries: [] };
  const { accounts, changed, entries } = book;
  for (const [id, { product, totals }] of products) {
    const account = { product, totals };
    accounts.set(id, account);
    for (const each of puts.get(id) ?? []) put(book, account, each);
    const before = unbooked.get(id);
    if (before) adopt(book, account, before, now);
  }
  const move = (id: number, work: (account: Account, totals: StockTotals) => void): void => {
    const account = accounts.get(id);
    if (account) work(account, account.totals);
  };
  return {
    product: (id) => accounts.get(id)?.product,
    left: (id) => accounts.get(id)?.totals.units ?? null,
    take: (id, quantity, why) =>
      move(id, (account, { units, held }) => {
        if (units === null) return;
        const totals = { units: units - quantity, held: held + quantity };
        enter(book, account, { kind: 'reservation', quantity: -quantity, totals, why });
      }),
    giveBack: (id, quantity, why) => move(id, (account) => giveBack(book, account, quantity, why)),
    ship: (id, quantity, why) =>
      move(id, (account, { held, gone }) => {
        const totals = { held: held - quantity, gone: gone + quantity };
        enter(book, account, { kind: 'shipped', quantity: -quantity, totals, why });
      }),
    comeBack: (id, quantity, why) =>
      move(id, (account, { held, gone }) => {
        const totals = { held: held + quantity, gone: gone - quantity };
        enter(book, account, { kind: 'return', quantity, totals, why });
      }),
    put(product, what) {
      move(product.product_id, (account) => {
        account.product = product;
        put(book, account, what);
      });
    },
    rows: () => [...[...changed].flatMap((id) => productRow(accounts.get(id))), ...entries],
  };
}

interface Movement {
  readonly kind: MovementKind;
  readonly quantity: number;
  readonly why: Because;
  /** What it changes. */
  readonly totals: Partial<StockTotals>;
}

function enter({ changed, entries }: Book, account: Account, movement: Movement): void {
  const { product_id } = account.product;
  account.totals = { ...account.totals, ...movement.totals, entries: account.totals.entries + 1 };
  changed.add(product_id);
  entries.push(entryRow(product_id, account.totals, movement));
}

function giveBack(book: Book, account: Account, quantity: number, why: Because): void {
  const { units, held, put_in } = account.totals;
  const totals = { units: units === null ? null : units + quantity, held: held - quantity };
  enter(book, account, { kind: 'release', quantity, totals, why });
  if (units !== null) return;
  const out = { put_in: put_in - quantity };
  enter(book, account, { kind: 'set', quantity: -quantity, totals: out, why: { at: why.at, reason: UNTRACKED } });
}

function put(book: Book, account: Account, { version, stock_quantity, kind, ...why }: Put): void {
  const { units, put_in } = account.totals;
  const quantity = (stock_quantity ?? 0) - (units ?? 0);
  const totals = { units: stock_quantity, put_in: put_in + quantity, booked: version };
  if (units === null && stock_quantity === null) account.totals = { ...account.totals, booked: version };
  else enter(book, account, { kind, quantity, totals, why });
  book.changed.add(account.product.product_id);
}

/** An earlier version has moved units of a product without an entry, or there was no ledger yet. */
function adopt(book: Book, account: Account, before: Unbooked, at: string): void {
  const { held, gone, put_in, entries: last } = before;
  const { stock_quantity: units, stock_version: booked, product_id } = account.product;
  const all = (units ?? 0) + held + gone;
  account.totals = { units, held, gone, put_in: all, entries: last, booked };
  book.changed.add(product_id);
  const why = (reason: string): Because => ({ at, reason });
  if (last > 0) {
    const asEntered = all === put_in && before.on_hand === (units ?? 0) && before.held_then === held;
    const correction = { quantity: all - put_in, totals: {}, why: why('it was not explained') };
    if (!asEntered) enter(book, account, { kind: 'correction', ...correction });
    return;
  }
  const opening = { units: units === null ? null : all, held: 0 };
  const began = why('what there was when this ledger began');
  enter(book, account, { kind: 'opening', quantity: all, totals: opening, why: began });
  const orders = { quantity: -held, totals: { units, held }, why: why('orders from before this ledger') };
  if (held > 0) enter(book, account, { kind: 'reservation', ...orders });
}

function productRow(account: Account | undefined): object[] {
  if (!account) return [];
  const { product, totals } = account;
  const { units, ...rest } = totals;
  const stock_version = units === null ? 0 : totals.booked;
  return [{ kind: 'product', id: product.product_id, stock_version, units: units ?? 0, ...rest }];
}

/** The id of an entry: one number for product and entry, in the order of both. It is more than JavaScript counts exactly. */
export const entryId = (product_id: number, entry: number): string =>
  String(BigInt(product_id) * 4_294_967_296n + BigInt(entry));

function entryRow(product_id: number, totals: StockTotals, { kind, quantity, why }: Movement): object {
  return {
    kind: 'entry',
    id: entryId(product_id, totals.entries),
    movement: kind,
    quantity,
    units: totals.units ?? 0,
    tracked: totals.units !== null,
    held: totals.held,
    reason: why.reason ?? '',
    order_id: why.order_id ?? 0,
    user_id: why.user_id ?? 0,
    at: why.at,
  };
}
