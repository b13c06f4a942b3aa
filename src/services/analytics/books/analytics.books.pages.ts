import type { Ctx, Page } from '../../../platform/contract/contract.ts';
import { common } from '../../../platform/contract/errors.ts';
import { type BookOwners, bookComparison, byOrder, type ComparedBooks } from './analytics.books.comparison.ts';
import { BOOKS_PAGE, type BookPair } from './analytics.books.contract.ts';
import { stockDifference } from './analytics.stock.model.ts';

/** A page of everything: the orders that were compared, and the next place; none after the last. */
interface ComparedPage extends ComparedBooks {
  readonly order_ids: readonly number[];
  readonly product_ids?: readonly number[];
  readonly next: BooksPlace | undefined;
}

/** Where a comparison of everything is: in which list, and where in it. */
export interface BooksPlace {
  readonly list: BooksList;
  readonly cursor?: string;
  readonly from_id?: number;
}

/**
 * The lists of a comparison of everything. Orders are compared in full, and the stock of products; of the others only
 * those whose order does not exist, which the list of the orders cannot show.
 */
const LISTS = ['orders', 'receivables', 'invoices', 'shipments', 'products'] as const;
type BooksList = (typeof LISTS)[number];

/** The pair in which each list shows what it has of orders that do not exist. */
const PAIRS: Readonly<Record<Exclude<BooksList, 'orders'>, BookPair>> = {
  products: 'product/stock',
  receivables: 'order/receivable',
  invoices: 'order/invoice',
  shipments: 'order/shipment',
};

/** Whether a walk over everything names a difference at this place: once, however many lists have its order. */
export const isNamedAt = ({ list }: BooksPlace, { pair }: { readonly pair: BookPair }): boolean =>
  list === 'orders' || PAIRS[list] === pair;

export const FIRST_PLACE: BooksPlace = { list: 'orders' };

/** Compares everything, page by page, and orders that are named. */
export function bookPages(owners: BookOwners) {
  const { order, invoice, payment, delivery, product } = owners;
  const compareOrders = bookComparison(owners);

  const others: Record<
    Exclude<BooksList, 'orders' | 'products'>,
    (ctx: Ctx, page: PageOfIds) => Promise<Page<OfOrder>>
  > = {
    receivables: (ctx, page) => payment.receivables(ctx, page),
    invoices: (ctx, page) => invoice.list(ctx, { all: true, ...page }),
    shipments: (ctx, page) => delivery.list(ctx, { all: true, ...page }),
  };

  return {
    compareOrders,
    /** Compares the page of a place, and names the next place. */
    async comparePage(ctx: Ctx, place: BooksPlace, limit = BOOKS_PAGE): Promise<ComparedPage> {
      const { list, cursor, from_id } = place;
      if (list === 'orders') {
        const { items, next } = await order.inBooks(ctx, { limit, cursor, from_id });
        const order_ids = items.map(({ order_id }) => order_id);
        return { ...(await compareOrders(ctx, order_ids, items)), order_ids, next: placeAfter(list, next) };
      }
      if (list === 'products') {
        const { items, next } = await product.stockFigures(ctx, { limit, cursor });
        const product_ids = items.map(({ product_id }) => product_id);
        const differences = items.flatMap(stockDifference);
        return { differences, order_ids: [], product_ids, compared: items.length, next: placeAfter(list, next) };
      }
      const { items, next } = await others[list](ctx, { limit, cursor });
      const order_ids = await unknown(ctx, [...new Set(items.map(({ order_id }) => order_id))]);
      const { differences } = await compareOrders(ctx, order_ids, []);
      return { differences, order_ids, compared: items.length, next: placeAfter(list, next) };
    },
  };

  /** Those of which there is no order. */
  async function unknown(ctx: Ctx, order_ids: number[]): Promise<number[]> {
    if (order_ids.length === 0) return [];
    const { items } = await order.findInBooks(ctx, { order_ids });
    const known = byOrder(items);
    return order_ids.filter((id) => !known.has(id));
  }
}

export type BookPages = ReturnType<typeof bookPages>;

interface OfOrder {
  readonly order_id: number;
}

interface PageOfIds {
  readonly limit: number;
  readonly cursor: string | undefined;
}

function placeAfter(list: BooksList, cursor: string | null | undefined): BooksPlace | undefined {
  if (cursor) return { list, cursor };
  const following = LISTS[LISTS.indexOf(list) + 1];
  return following && { list: following };
}

/** A place as the cursor of a client. */
export const placeCursor = ({ list, cursor = '' }: BooksPlace): string =>
  Buffer.from(`${list} ${cursor}`).toString('base64url');

/** The place that a cursor names. Throws BAD_CURSOR. */
export function placeOf(text: string): BooksPlace {
  const [name, cursor] = Buffer.from(text, 'base64url').toString('utf8').split(' ', 2);
  const list = LISTS.find((one) => one === name);
  if (!list || cursor === undefined) throw common.BAD_CURSOR();
  return { list, ...(cursor !== '' && { cursor }) };
}
