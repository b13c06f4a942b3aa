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

const PRODUCTS = { table: 'products', key: 'product_id', json: [], secrets: ['stock_version'] };

/** What products keep in ClickHouse, in its portable form. */
export function productCopyClickHouse(place: ClickHouseLocation): readonly ClickHouseTable[] {
  return [products(place), reservations(place), ...clickhousePlatformTables(place, PRODUCTS)];
}

interface Kept {
  readonly product_id: number;
  readonly name: string;
  readonly description: string;
  readonly category: string;
  readonly stock_quantity: number | null;
  readonly stock_version: number;
}

/**
 * A product with the units that orders have left of it; in a copy they are what its version has set. What it is found
 * by is made anew where it is written.
 */
function products(place: ClickHouseLocation): ClickHouseTable {
  const { engine, database } = place;
  const states = statesTable(place, PRODUCTS);
  const text = `select id, stock_version, units from ${database}.stock final
    where kind = 'product' and id in {ids:Array(UInt64)}`;
  return {
    ...states,
    async read(after, limit) {
      const page = await states.read(after, limit);
      if (!page) return undefined;
      const rows = page.rows as unknown as readonly Kept[];
      const ids = rows.map(({ product_id }) => product_id);
      const found = await engine.query<{ id: number; stock_version: number; units: number }>(text, { ids }, PATIENT);
      const left = new Map(found.map((one) => [one.id, one]));
      return {
        ...page,
        rows: rows.map(({ stock_version, ...row }) => {
          const counted = left.get(row.product_id);
          const current = counted !== undefined && counted.stock_version >= stock_version;
          return { ...row, stock_quantity: current ? counted.units : row.stock_quantity };
        }),
      };
    },
    blocks: (rows) =>
      states.blocks(
        rows.map((row) => ({ ...row, ...searchFieldsOf(row as unknown as Kept), stock_version: row.version })),
      ),
  };
}

function reservations(place: ClickHouseLocation): ClickHouseTable {
  const held = {
    select: 'id, items, request, expires_at',
    from: `${place.database}.stock final`,
    where: `kind = 'reservation' and not released`,
    order: { id: 'UInt64' },
  };
  return {
    name: 'reservations',
    key: ['order_id'],
    count: () => countInClickHouse(place, `select count() as count from ${held.from} where ${held.where}`),
    read: async (after, limit) =>
      mapped(await pageInClickHouse(place, held, after, limit), ({ id: order_id, items, request, expires_at }) => {
        return { order_id, items: JSON.parse(String(items)), request: request === '' ? null : request, expires_at };
      }),
    blocks: (rows) => {
      const kept = rows.map(({ order_id: id, items, request, expires_at }) => {
        return { kind: 'reservation', id, items: JSON.stringify(items), request: request ?? '', expires_at };
      });
      return [{ table: 'stock', placed: true, rows: kept }];
    },
  };
}
