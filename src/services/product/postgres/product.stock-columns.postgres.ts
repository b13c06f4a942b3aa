import type { ProductState } from '../product.model.ts';

/** What the statement of a save needs to know of the stock, beside the product. */
export interface StockColumns {
  readonly put_in: number;
  readonly entries: number;
  readonly stock_kind: string | null;
  readonly stock_delta: number | null;
  readonly stock_reason: string | null;
  readonly stock_by: number | null;
}

/** Column to type. Orders move `held` and `gone`, which no save touches. */
export const STOCK_COLUMNS = { put_in: 'bigint', entries: 'bigint' } as const;

/** Fields of the given row that the table does not have. */
export const STOCK_FIELDS = {
  stock_kind: 'text',
  stock_delta: 'bigint',
  stock_reason: 'text',
  stock_by: 'bigint',
} as const;

/** The fields of a state that is saved. The first two are those of an insert: an update computes them. */
export function stockColumnsOf({ stock_change, stock_quantity }: ProductState): StockColumns {
  return {
    put_in: stock_quantity ?? 0,
    entries: stock_change ? 1 : 0,
    stock_kind: stock_change?.kind ?? null,
    stock_delta: stock_change?.quantity ?? null,
    stock_reason: stock_change?.reason ?? null,
    stock_by: stock_change?.user_id ?? null,
  };
}

const setBy = (stock: string): string => `coalesce(r.stock_quantity, 0) - coalesce(${stock}, 0)`;

/**
 * A reservation changes the stock without a new version: saving another field must not undo it, and an adjustment adds
 * to what orders have left. What is there is read from the locked row: the one that the update sees first may be older,
 * and its constraint is checked on that.
 */
export const STOCK_UPDATES = {
  stock_quantity: `case r.stock_kind when 'set' then r.stock_quantity
    when 'adjustment' then locked.stock_quantity + r.stock_delta else locked.stock_quantity end`,
  put_in: `locked.put_in + case r.stock_kind when 'set' then ${setBy('locked.stock_quantity')}
    when 'adjustment' then r.stock_delta else 0 end`,
  entries: 'locked.entries + (r.stock_kind is not null)::integer',
};

export const STOCK_LOCKS = ['stock_quantity', 'put_in', 'held', 'entries'];

/** Writes the entry of the ledger beside the product. */
export const stockEntryOfSave = (schema: string): Readonly<Record<'insert' | 'update', string>> => {
  const into = `insert into ${schema}.stock_ledger
    (product_id, entry, kind, quantity, on_hand, held, reason, user_id, at)`;
  return {
    insert: `${into} select product_id, 1, r.stock_kind, r.stock_quantity, r.stock_quantity, 0, r.stock_reason,
      r.stock_by, r.created_at from saved join rows r using (product_id) where r.stock_kind is not null`,
    update: `${into} select product_id, l.entries + 1, r.stock_kind,
      case r.stock_kind when 'set' then ${setBy('l.stock_quantity')} else r.stock_delta end,
      s.stock_quantity, l.held, r.stock_reason, r.stock_by, r.updated_at
      from saved s join rows r using (product_id) join locked l using (product_id) where r.stock_kind is not null`,
  };
};
