import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { minor } from '../../platform/contract/money.ts';
import { eachStore, type StoredRow } from '../../testing/stores.ts';
import { orderClickHouse } from './clickhouse/order.repository.clickhouse.ts';
import { setAddress } from './lifecycle/order.address.model.ts';
import { orderContract } from './order.contract.ts';
import { aLine, aReservation, at, NOW, TERMS } from './order.fixture.ts';
import { cancelOrder, type OrderState, placeOrder } from './order.model.ts';
import type { OrderRepository } from './order.repository.ts';
import { orderPostgres } from './postgres/order.repository.postgres.ts';

const alice = { id: 2, username: 'alice' };
const bob = { id: 3, username: 'bob' };
const STORES = { postgres: { open: orderPostgres }, clickhouse: { open: orderClickHouse, events: 'orders' } };

eachStore('how orders are kept', (store) => {
  let kept: StoredRow<OrderRepository>;
  let orders: OrderRepository;
  let others: OrderRepository;
  before(async () => {
    kept = await store.open(orderContract, STORES);
    [orders, others] = kept.repositories as [OrderRepository, OrderRepository];
  });
  beforeEach(() => kept.clear());
  after(() => kept.close());

  async function placed(buyer = alice, on = orders): Promise<OrderState> {
    const order_id = await on.ids.next();
    return on.save(at(), placeOrder(buyer, aReservation(order_id, aLine()), TERMS, at()));
  }
  const idsOf = (page: { items: OrderState[] }) => page.items.map(({ order_id }) => order_id);

  test('what is saved is read again as it was, lines, amounts and times', async () => {
    const order = await placed();
    assert.equal(order.version, 1);
    assert.deepEqual(await orders.get(order.order_id), order);
    assert.deepEqual([order.total, order.currency, order.created_at], [285_998, 'USD', NOW]);
  });

  test('what is not there is not found', async () => {
    await assert.rejects(orders.get(999_999), { code: 'ORDER_NOT_FOUND' });
    const { order_id } = await placed();
    assert.deepEqual([...(await orders.find([order_id, 999_999])).keys()], [order_id]);
    assert.deepEqual([...(await orders.find([])).keys()], []);
  });

  test('the event carries decimal amounts and nothing that is only ours', async () => {
    await placed();
    const [event] = await kept.announced();
    assert.deepEqual([event?.type, event?.data.total], ['order.created', 2859.98]);
    const items = event?.data.items as { unit_price: number }[] | undefined;
    assert.equal(items?.[0]?.unit_price, 1299.99);
    assert.equal(event?.data.version, undefined);
  });

  test('lists are newest first, of one user or of all', async () => {
    const [first, second, third] = [await placed(), await placed(bob), await placed(alice, others)];
    const list = async (filter: Parameters<OrderRepository['list']>[0]) =>
      (await orders.list(filter, { limit: 50 })).items;
    const newestFirst = (...all: OrderState[]) => all.sort((a, b) => b.order_id - a.order_id);
    assert.deepEqual(await list({}), newestFirst(first, second, third));
    assert.deepEqual(await list({ user_id: alice.id }), newestFirst(first, third));
    assert.deepEqual(await list({ user_id: 99 }), []);
    const cancelled = await orders.save(at(), cancelOrder(first, 'requested', at()));
    assert.deepEqual(await list({ status: 'cancelled' }), [cancelled]);
    assert.deepEqual(await list({ user_id: alice.id, status: 'pending' }), [third]);
    assert.deepEqual(await list({ user_id: bob.id, status: 'cancelled' }), []);
  });

  test('a list goes on where its page ended, and new orders do not move it', async () => {
    const placedIds: number[] = [];
    for (let i = 0; i < 5; i++) placedIds.push((await placed()).order_id);
    const first = await orders.list({ user_id: alice.id }, { limit: 2 });
    await placed();
    const second = await orders.list({ user_id: alice.id }, { limit: 2, cursor: first.next });
    const third = await orders.list({ user_id: alice.id }, { limit: 2, cursor: second.next });
    assert.deepEqual([...idsOf(first), ...idsOf(second), ...idsOf(third)], placedIds.toReversed());
    assert.equal(third.next, undefined);
    await assert.rejects(orders.list({}, { limit: 2, cursor: 'x' }), { code: 'TRADEPOST_BAD_CURSOR' });
  });

  test('an address is kept as it was set, and is in no event', async () => {
    const order = await placed();
    const address = { name: 'Ada', line1: '5 New Road', postal_code: '20000', city: 'Newtown', country: 'DE' };
    const moved = await orders.save(at(), setAddress(order, address, at()));
    assert.deepEqual((await others.get(order.order_id)).shipping_address, address);
    assert.equal(setAddress(moved, { ...address }, at()).events.length, 0);
    const events = await kept.announced();
    assert.ok(events.some(({ type }) => type === 'order.address_changed'));
    assert.equal(JSON.stringify(events).includes('Newtown'), false);
  });

  test('pending orders are found whose time was over in a period, page by page', async () => {
    const [first, second, third] = [await placed(), await placed(bob), await placed()];
    await orders.save(at(), cancelOrder(third, 'requested', at()));
    const end = first.expires_at ?? '';
    const before = new Date(Date.parse(end) - 1).toISOString();
    const found = async (from: string, until: string) => idsOf(await orders.expired({ from, until }, { limit: 9 }));
    assert.deepEqual((await found(before, end)).sort(), [first.order_id, second.order_id].sort());
    assert.deepEqual([await found(NOW, before), await found(end, '2030-01-01T00:00:00.000Z')], [[], []]);
    const page = await orders.expired({ from: NOW, until: end }, { limit: 1 });
    const rest = await orders.expired({ from: NOW, until: end }, { limit: 1, cursor: page.next });
    assert.deepEqual(
      [idsOf(page).length, [...idsOf(page), ...idsOf(rest)].sort(), rest.next],
      [1, [first.order_id, second.order_id].sort(), undefined],
    );
  });

  test('of two changes of one order at once the later is stale', async () => {
    const order = await placed();
    const results = await Promise.allSettled(
      [orders, others].map((one) => one.save(at(), cancelOrder(order, 'requested', at()))),
    );
    const refused = results.filter((one) => one.status === 'rejected');
    assert.deepEqual(
      refused.map(({ reason }) => reason.code),
      ['TRADEPOST_STALE'],
    );
    const events = await kept.announced();
    assert.equal(events.filter(({ type }) => type === 'order.cancelled').length, 1);
  });

  test('totals that do not add up are never kept, and do not keep others from it', async () => {
    const ids = [await orders.ids.next(), await orders.ids.next()];
    const [good, bad] = ids.map((id) => placeOrder(alice, aReservation(id, aLine()), TERMS, at()));
    assert.ok(good && bad);
    const wrong = { ...bad, next: { ...bad.next, total: minor(1) } };
    const results = await Promise.allSettled([orders.save(at(), wrong), orders.save(at(), good)]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['rejected', 'fulfilled'],
    );
    assert.deepEqual(idsOf(await orders.list({}, { limit: 9 })), [good.next.order_id]);
  });

  test('a hundred orders at once, from two processes, have a hundred ids', async () => {
    const all = await Promise.all(Array.from({ length: 100 }, (_, i) => placed(alice, i % 2 ? orders : others)));
    assert.equal(new Set(all.map(({ order_id }) => order_id)).size, 100);
    assert.equal((await orders.list({}, { limit: 200 })).items.length, 100);
  });
});
