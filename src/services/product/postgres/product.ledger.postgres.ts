import type { Page, PageRequest } from '../../../platform/contract/contract.ts';
import { cursorId, pageOf } from '../../../platform/db/pages.ts';
import type { PostgresStore } from '../../../platform/db/postgres/store/store.ts';
import type { ProductRepository } from '../product.repository.ts';
import type { OrderUnits, StockEntry, StockFigures } from '../stock/product.stock.contract.ts';

type Ledger = Pick<ProductRepository, 'ledger' | 'stockFigures' | 'orderUnits' | 'findOrderUnits'>;

/** Reads what became of the units, in PostgreSQL. */
export function stockLedgerPostgres({ schema, db }: PostgresStore): Ledger {
  async function paged<T extends object>(
    [name, text]: readonly [string, string],
    { limit, cursor }: PageRequest,
    idOf: (row: T) => number,
    values: readonly unknown[] = [],
  ): Promise<Page<T>> {
    const after = cursorId(cursor) ?? null;
    const rows = await db.query<T>({ name: `${schema} ${name}`, text }, [after, limit + 1, ...values]);
    return pageOf(rows, limit, idOf);
  }
  return {
    ledger: (product_id, page) =>
      paged<StockEntry>(['stock ledger', entries(schema)], page, ({ id }) => id, [product_id]),
    stockFigures: (page) =>
      paged<StockFigures>(['stock figures', figures(schema)], page, ({ product_id }) => product_id),
    orderUnits: (page, onlyHeld = false) =>
      paged<OrderUnits>(['order units', unitsOfOrders(schema)], page, ({ order_id }) => order_id, [onlyHeld]),
    findOrderUnits: (order_ids) =>
      db.query<OrderUnits>({ name: `${schema} units of some orders`, text: unitsOfSome(schema) }, [order_ids]),
  };
}

const entries = (schema: string): string => `select entry as id, product_id, kind, quantity, on_hand, held, reason,
    order_id, user_id, at
  from ${schema}.stock_ledger where product_id = $3 and ($1::bigint is null or entry < $1)
  order by entry desc limit $2`;

const figures = (schema: string): string => `select p.product_id, p.put_in, coalesce(p.stock_quantity, 0) as on_hand,
    p.held, p.gone, p.put_in - coalesce(p.stock_quantity, 0) - p.held - p.gone as difference, p.entries,
    coalesce(p.stock_quantity, 0) - coalesce(l.on_hand, 0) as on_hand_difference,
    p.held - coalesce(l.held, 0) as held_difference
  from ${schema}.products p left join lateral (
    select on_hand, held from ${schema}.stock_ledger l where l.product_id = p.product_id order by entry desc limit 1) l
    on true
  where p.product_id > coalesce($1::bigint, 0) order by p.product_id limit $2`;

const unitsOfSome = (schema: string): string =>
  `select order_id, shipped, items from ${schema}.reservations where order_id = any($1)`;

const unitsOfOrders = (schema: string): string => `select order_id, shipped, items from ${schema}.reservations
  where ($1::bigint is null or order_id < $1) and not ($3 and shipped) order by order_id desc limit $2`;
