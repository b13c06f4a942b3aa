import {
  clickhousePlatformTables,
  countInClickHouse,
  mapped,
  PATIENT,
  pageInClickHouse,
  statesTable,
} from '../../../platform/db/transfer/clickhouse/tables.ts';
import type { ClickHouseLocation, ClickHouseTable } from '../../../platform/db/transfer/portable.ts';
import { searchFieldsOf } from '../search/search.model.ts';
import { ENTRY_FIELDS, type EntryRow, entryOf } from './product.ledger.clickhouse.ts';
import { entryId } from './product.stock-entries.clickhouse.ts';
import { NEVER } from './product.stock-session.clickhouse.ts';

const PRODUCTS = { table: 'products', key: 'product_id', json: [], secrets: ['stock_version'] };

/** What products keep in ClickHouse, in its portable form. */
export function productCopyClickHouse(place: ClickHouseLocation): readonly ClickHouseTable[] {
  return [products(place), reservations(place), ledger(place), ...clickhousePlatformTables(place, PRODUCTS)];
}

interface Kept {
  readonly product_id: number;
  readonly name: string;
  readonly description: string;
  readonly category: string;
  readonly stock_quantity: number | null;
  readonly stock_version: number;
}

interface Totals {
  readonly held: number;
  readonly gone: number;
  readonly put_in: number;
  readonly entries: number;
}

type Moved = Totals & { readonly id: number; readonly stock_version: number; readonly units: number };

const NOTHING: Totals = { held: 0, gone: 0, put_in: 0, entries: 0 };

/**
 * A product with the units that orders have left of it, and where the others are; in a copy they are what its version
 * has set. What it is found by is made anew where it is written.
 */
function products(place: ClickHouseLocation): ClickHouseTable {
  const { engine, database } = place;
  const states = statesTable(place, PRODUCTS);
  const text = `select id, stock_version, units, held, gone, put_in, entries from ${database}.stock final
    where kind = 'product' and id in {ids:Array(UInt64)}`;
  return {
    ...states,
    async read(after, limit) {
      const page = await states.read(after, limit);
      if (!page) return undefined;
      const rows = page.rows as unknown as readonly Kept[];
      const ids = rows.map(({ product_id }) => product_id);
      const found = new Map((await engine.query<Moved>(text, { ids }, PATIENT)).map((one) => [one.id, one]));
      return {
        ...page,
        rows: rows.map(({ stock_version, ...row }) => {
          const { held, gone, put_in, entries, ...counted } = found.get(row.product_id) ?? {
            ...NOTHING,
            stock_version: 0,
            units: 0,
          };
          const current = counted.stock_version > 0 && counted.stock_version >= stock_version;
          const stock_quantity = current ? counted.units : row.stock_quantity;
          return { ...row, stock_quantity, held, gone, put_in, entries };
        }),
      };
    },
    async blocks(rows) {
      const kept = rows as unknown as readonly (Kept & Totals & { readonly version: number })[];
      const found = kept.map(({ held: _held, gone: _gone, put_in: _put_in, entries: _entries, ...row }) => ({
        ...row,
        ...searchFieldsOf(row),
        stock_version: row.version,
      }));
      const stock = kept.filter(({ entries }) => entries > 0).map(stockRow);
      const blocks = await states.blocks(found);
      return stock.length > 0 ? [...blocks, { table: 'stock', placed: true, rows: stock }] : blocks;
    },
  };
}

function stockRow({
  product_id: id,
  stock_quantity,
  version,
  held,
  gone,
  put_in,
  entries,
}: Kept & Totals & { version: number }) {
  const stock_version = stock_quantity === null ? 0 : version;
  return {
    kind: 'product',
    id,
    stock_version,
    units: stock_quantity ?? 0,
    held,
    gone,
    put_in,
    entries,
    booked: version,
  };
}

function reservations(place: ClickHouseLocation): ClickHouseTable {
  const held = {
    select: 'id, items, request, expires_at, user_id, shipped, at',
    from: `${place.database}.stock final`,
    where: `kind = 'reservation' and not released`,
    order: { id: 'UInt64' },
  };
  return {
    name: 'reservations',
    key: ['order_id'],
    count: () => countInClickHouse(place, `select count() as count from ${held.from} where ${held.where}`),
    read: async (after, limit) =>
      mapped(
        await pageInClickHouse(place, held, after, limit),
        ({ id: order_id, items, request, expires_at, user_id, shipped, at }) => ({
          order_id,
          items: JSON.parse(String(items)),
          request: request === '' ? null : request,
          expires_at,
          user_id: user_id === 0 ? null : user_id,
          shipped,
          moved_at: at === NEVER ? null : at,
        }),
      ),
    blocks: (rows) => {
      const kept = rows.map(({ order_id: id, items, request, expires_at, user_id, shipped, moved_at }) => ({
        kind: 'reservation',
        id,
        items: JSON.stringify(items),
        request: request ?? '',
        expires_at,
        user_id: user_id ?? 0,
        shipped,
        at: moved_at ?? NEVER,
      }));
      return [{ table: 'stock', placed: true, rows: kept }];
    },
  };
}

/** The entries of all products, in the order of their products and numbers, which is that of the rows. */
function ledger(place: ClickHouseLocation): ClickHouseTable {
  const from = `${place.database}.stock final where kind = 'entry'`;
  const page = `select ${ENTRY_FIELDS} from ${from}
    and id > bitShiftLeft({product_id:UInt64}, 32) + {entry:UInt64} order by id limit {limit:UInt32}`;
  return {
    name: 'stock_ledger',
    key: ['product_id', 'entry'],
    count: () => countInClickHouse(place, `select count() as count from ${from}`),
    async read([product_id, entry] = [0, 0], limit) {
      const rows = (await place.engine.query<EntryRow>(page, { product_id, entry, limit }, PATIENT)).map(entryOf);
      const last = rows.at(-1);
      return last && { rows, end: [last.product_id, last.entry] };
    },
    blocks: (rows) => [{ table: 'stock', placed: true, rows: (rows as unknown as LedgerRow[]).map(entryRowOf) }],
  };
}

type LedgerRow = ReturnType<typeof entryOf>;

function entryRowOf({ product_id, entry, kind, on_hand, reason, order_id, user_id, ...row }: LedgerRow): object {
  return {
    ...row,
    kind: 'entry',
    id: entryId(product_id, entry),
    movement: kind,
    units: on_hand ?? 0,
    tracked: on_hand !== null,
    reason: reason ?? '',
    order_id: order_id ?? 0,
    user_id: user_id ?? 0,
  };
}
