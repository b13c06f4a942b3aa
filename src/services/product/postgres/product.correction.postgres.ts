import type { PostgresStore } from '../../../platform/db/postgres/store/store.ts';
import type { ProductRepository } from '../product.repository.ts';
import { lockStatement } from './product.reserve-statement.postgres.ts';

/**
 * Books what is neither put in nor explained, in PostgreSQL. The product is locked by a statement of its own: the next
 * one sees all reservations that were committed before.
 */
export function correctionPostgres({ schema, db }: PostgresStore): ProductRepository['correct'] {
  const lock = lockStatement(schema);
  const text = `with held as (
      select coalesce(sum(i.quantity), 0) as units
      from ${schema}.reservations r cross join json_to_recordset(r.items) as i(product_id bigint, quantity bigint)
      where r.counted and not r.shipped and i.product_id = $1),
    wrong as (
      select p.*, h.units, coalesce(p.stock_quantity, 0) + h.units + p.gone - p.put_in as quantity
      from ${schema}.products p cross join held h where p.product_id = $1),
    changed as (
      update ${schema}.products p set held = w.units, put_in = w.put_in + w.quantity, entries = w.entries + 1
      from wrong w where p.product_id = w.product_id and (w.quantity <> 0 or w.held <> w.units) returning w.*)
    insert into ${schema}.stock_ledger (product_id, entry, kind, quantity, on_hand, held, reason, at)
    select product_id, entries + 1, 'correction', quantity, stock_quantity, units, 'it was not explained', $2 from changed`;
  return (product_id, at) =>
    db.transaction(async (sql) => {
      await sql.query(lock, [[product_id]]);
      await sql.query({ name: `${schema} correct`, text }, [product_id, at]);
    });
}
