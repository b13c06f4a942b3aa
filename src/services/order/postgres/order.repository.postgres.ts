import { pageFrom } from '../../../platform/db/pages.ts';
import { reconciliationIn } from '../../../platform/db/postgres/store/reconciliation.ts';
import type { PostgresStore } from '../../../platform/db/postgres/store/store.ts';
import { ORDER_COLUMNS } from '../order.columns.ts';
import { orderErrors } from '../order.contract.ts';
import type { OrderState } from '../order.model.ts';
import type { OrderRepository } from '../order.repository.ts';
import { timelineJournal, timelinePostgres } from '../timeline/order.timeline.postgres.ts';

/** Orders in PostgreSQL. */
export function orderPostgres(store: PostgresStore): OrderRepository {
  const orders = store.table<OrderState>({
    table: 'orders',
    key: 'order_id',
    columns: ORDER_COLUMNS,
    journal: timelineJournal,
  });
  const status = '($3::text is null or status = $3)';
  const listAll = orders.list({ name: 'all', where: status });
  // The array is filled once, along the index of expiry; the page is read by id.
  const listExpired = orders.list({
    name: 'expired',
    where: `order_id = any(array(select order_id from ${store.schema}.orders
      where status = 'pending' and expires_at > $3 and expires_at <= $4))`,
  });
  const listOfUser = orders.list({ name: 'of user', where: `${status} and user_id = $4` });

  return {
    ids: store.ids('order_ids'),
    async get(order_id) {
      const found = await orders.get(order_id);
      if (!found) throw orderErrors.NOT_FOUND();
      return found;
    },
    find: orders.find,
    list: ({ user_id, status = null }, page) =>
      user_id === undefined ? listAll(pageFrom(page), [status]) : listOfUser(pageFrom(page), [status, user_id]),
    expired: ({ from, until }, page) => listExpired(page, [from, until]),
    timeline: timelinePostgres(store),
    figures: reconciliationIn(store, {
      table: 'orders',
      key: 'order_id',
      status: 'status',
      amount: 'total',
      updated: 'updated_at',
    }),
    save: orders.save,
  };
}
