import { cursorId, pageOf } from '../../../platform/db/pages.ts';
import { reconciliationIn } from '../../../platform/db/postgres/store/reconciliation.ts';
import type { PostgresStore } from '../../../platform/db/postgres/store/store.ts';
import { orderErrors } from '../order.contract.ts';
import type { OrderState } from '../order.model.ts';
import type { OrderRepository } from '../order.repository.ts';
import { timelineJournal, timelinePostgres } from '../timeline/order.timeline.postgres.ts';

/** Orders in PostgreSQL: one row an order, its lines as JSON in it. */
export function orderPostgres(store: PostgresStore): OrderRepository {
  const { schema, db } = store;
  const columns = {
    order_id: 'bigint',
    user_id: 'bigint',
    username: 'text',
    items: 'json',
    subtotal: 'bigint',
    tax: 'bigint',
    tax_rate: 'text',
    total: 'bigint',
    currency: 'text',
    status: 'text',
    payment_status: 'text',
    fulfillment_status: 'text',
    paid_total: 'bigint',
    refunded_total: 'bigint',
    shipment_status: 'text',
    delivered_at: 'timestamptz',
    created_at: 'timestamptz',
    updated_at: 'timestamptz',
  };
  const selected = `${Object.keys(columns).join(', ')}, version`;
  const ids = store.ids('order_ids');
  const read = store.reader<number, OrderState>(
    'order',
    `select ${selected} from ${schema}.orders where order_id = any($1)`,
    (row) => row.order_id,
  );
  // One statement for each way in, so that each runs along its own index.
  const listBy = (name: string, where: string) => ({
    name: `${schema} list ${name}`,
    text: `select ${selected} from ${schema}.orders
      where ${where} and order_id < $1 and ($2::text is null or status = $2) order by order_id desc limit $3`,
  });
  const lists = {
    user: listBy('by user', 'user_id = $4'),
    all: listBy('all', '$4::bigint is null'),
  };

  return {
    ids,
    async get(order_id) {
      const found = await read(order_id);
      if (!found) throw orderErrors.NOT_FOUND();
      return found;
    },
    async find(order_ids) {
      const found = await Promise.all(order_ids.map(read));
      return new Map(found.flatMap((one) => (one ? [[one.order_id, one] as const] : [])));
    },
    async list({ user_id, status }, { limit, cursor }) {
      const statement = user_id === undefined ? lists.all : lists.user;
      const before = cursorId(cursor) ?? Number.MAX_SAFE_INTEGER;
      const rows = await db.query<OrderState>(statement, [before, status ?? null, limit + 1, user_id ?? null]);
      return pageOf(rows, limit, (row) => row.order_id);
    },
    timeline: timelinePostgres(store),
    figures: reconciliationIn(store, {
      table: 'orders',
      key: 'order_id',
      status: 'status',
      amount: 'total',
      updated: 'updated_at',
    }),
    save: store.saver<OrderState>({ table: 'orders', key: 'order_id', columns, journal: timelineJournal }),
  };
}
