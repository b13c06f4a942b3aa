import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { readConfig } from '../../platform/config/config.ts';
import type { Ctx, EventType } from '../../platform/contract/contract.ts';
import type { Envelope } from '../../platform/contract/events.ts';
import { minor } from '../../platform/contract/money.ts';
import { type Database, openDatabase } from '../../platform/db/postgres/postgres.ts';
import { postgresStore } from '../../platform/db/postgres/store/store.ts';
import { createLog } from '../../platform/observability/log.ts';
import { type TestDatabase, testDatabase } from '../../testing/databases.ts';
import { eachEngine } from '../../testing/engines.ts';
import { deliveryEvents } from '../delivery/delivery.contract.ts';
import { type MoneyMovement, paymentEvents } from '../payment/payment.contract.ts';
import { orderConsumers } from './order.consumers.ts';
import { orderContract } from './order.contract.ts';
import { aLine, aReservation, at, TERMS } from './order.fixture.ts';
import { cancelOrder, type OrderState, placeOrder } from './order.model.ts';
import type { OrderRepository } from './order.repository.ts';
import { type OrderPeers, orderService } from './order.service.ts';
import { orderPostgres } from './postgres/order.repository.postgres.ts';

const tools = {
  config: readConfig({}, [{ name: 'order' }]),
  log: createLog({ LOG_LEVEL: 'silent', NODE_ENV: 'test' }),
};
// Of what orders follow, only a stopped parcel makes them ask anybody: for their stock back.
const released: number[] = [];
const peers = {
  product: {
    renew: async () => ({}),
    release: async (_ctx: Ctx, { order_id }: { order_id: number }) => {
      released.push(order_id);
      return {};
    },
  },
} as unknown as OrderPeers;

eachEngine('what an order hears of other services', (engine) => {
  let database: TestDatabase;
  let processes: [Database, Database];
  let orders: OrderRepository;
  let others: OrderRepository;
  before(async () => {
    database = await testDatabase(engine);
    processes = [openDatabase(database.url), openDatabase(database.url)];
    [orders, others] = processes.map((db) => orderPostgres(postgresStore(db, orderContract))) as [
      OrderRepository,
      OrderRepository,
    ];
  });
  after(async () => {
    await Promise.all(processes.map((db) => db.close()));
    await database.drop();
  });

  async function placed(): Promise<OrderState> {
    const ctx = at(undefined, { actor: { kind: 'user', id: 2, username: 'alice', role: 'customer' } });
    const reservation = aReservation(await orders.ids.next(), aLine());
    return orders.save(ctx, placeOrder({ id: 2, username: 'alice' }, reservation, TERMS, ctx));
  }

  interface Heard {
    readonly event: EventType;
    readonly data: object;
    readonly id: string;
    readonly about: string;
  }

  /** An event that every consumer of its type is to hear of. */
  function heard(event: EventType, order_id: number, data: object): Heard {
    return { event, data: { order_id, ...data }, id: randomUUID(), about: `order/${order_id}` };
  }

  /** Hands an event to the consumers, as the platform does: stale is tried again, and done is done. */
  async function hear({ event, data, id, about }: Heard, by = orders): Promise<void> {
    const envelope: Envelope = {
      id,
      source: event.type.split('.')[0] ?? '',
      type: event.type,
      subject: '1',
      time: at().now,
      trace: '',
      correlation: 'r',
      actor: 'system',
      about,
      data: JSON.stringify(data),
    };
    const service = orderService({ repository: by, peers, tools });
    for (const consumer of orderConsumers.filter((one) => one.event.type === event.type)) {
      for (let again = true; again; ) {
        again = false;
        const ctx = at(undefined, { cause: { consumer: consumer.name, eventId: id } });
        await consumer.handle(service, ctx, data, envelope).catch((error: Error & { code?: string }) => {
          if (error.code === 'TRADEPOST_STALE') again = true;
          else if (error.name !== 'DuplicateEvent') throw error;
        });
      }
    }
  }

  const moved = (order_id: number, from: string, to: string) =>
    heard(deliveryEvents.statusChanged, order_id, { shipment_id: 9, from, to, at: at().now });
  const paid = (
    order_id: number,
    paid_total: number,
    refunded_total = 0,
    event: EventType = paymentEvents.captured,
  ) => {
    const totals: Partial<MoneyMovement> = { paid_total: minor(paid_total), refunded_total: minor(refunded_total) };
    return heard(event, order_id, { transaction_id: 3, amount: 1, invoice_id: 7, at: at().now, ...totals });
  };
  const axes = async ({ order_id }: OrderState) => {
    const { status, payment_status, fulfillment_status } = await orders.get(order_id);
    return [status, payment_status, fulfillment_status];
  };

  test('payment and delivery, heard at once by two processes and twice each, complete an order', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, placed));
    const events = all.flatMap(({ order_id, total }) => [
      moved(order_id, 'pending', 'shipped'),
      paid(order_id, total - 1),
      paid(order_id, total),
    ]);
    await Promise.all([...events, ...events].map((event, n) => hear(event, n % 2 ? orders : others)));
    const delivered = all.map(({ order_id }) => moved(order_id, 'shipped', 'delivered'));
    await Promise.all([...delivered, ...events].map((event, n) => hear(event, n % 2 ? others : orders)));
    for (const order of all) assert.deepEqual(await axes(order), ['completed', 'paid', 'delivered']);
  });

  test('a refund that is heard before its payment is not lost', async () => {
    const order = await placed();
    await hear(paid(order.order_id, order.total, order.total, paymentEvents.refunded));
    await hear(paid(order.order_id, order.total));
    assert.deepEqual(await axes(order), ['confirmed', 'refunded', 'not_fulfilled']);
  });

  test('a cancelled order that is paid and shipped all the same says so and stays cancelled', async () => {
    const order = await placed();
    await orders.save(at(), cancelOrder(order, 'requested', at()));
    await hear(moved(order.order_id, 'pending', 'shipped'));
    await hear(paid(order.order_id, order.total));
    assert.deepEqual(await axes(order), ['cancelled', 'paid', 'shipped']);
  });

  test('an order whose parcel was stopped for it is cancelled with its stock, by whichever copy of the event comes first', async () => {
    const order = await placed();
    const stopped = {
      reason: 'order_cancelled',
      cancellation: 'expired',
      from: 'pending',
      to: 'cancelled',
      at: at().now,
    };
    const event = heard(deliveryEvents.statusChanged, order.order_id, { shipment_id: 9, ...stopped });
    await Promise.all([event, event].map((one, n) => hear(one, n % 2 ? orders : others)));
    assert.deepEqual(await axes(order), ['cancelled', 'not_paid', 'not_fulfilled']);
    const told = (await orders.timeline.list(order.order_id)).filter(({ type }) => type === 'order.cancelled');
    assert.deepEqual(
      told.map(({ data }) => data.reason),
      ['expired'],
    );
    assert.ok(released.includes(order.order_id));
  });

  test('an order whose parcel staff alone stopped goes on', async () => {
    const order = await placed();
    const stopped = { reason: 'staff', from: 'packed', to: 'cancelled', at: at().now };
    await hear(heard(deliveryEvents.statusChanged, order.order_id, { shipment_id: 9, ...stopped }));
    assert.equal((await orders.get(order.order_id)).status, 'pending');
  });

  test('what concerns an order that is not there yet is to come again', async () => {
    await assert.rejects(hear(moved(999_999, 'pending', 'packed')), { code: 'ORDER_NOT_FOUND' });
    await assert.rejects(hear(paid(999_999, 5)), { code: 'ORDER_NOT_FOUND' });
  });

  test('money of no order concerns none', async () => {
    await hear({ ...heard(paymentEvents.captured, 0, { order_id: null }), about: '' });
  });

  test('the timeline has what was just announced, and every event once however often it is heard', async () => {
    const order = await placed();
    const own = await orders.timeline.list(order.order_id);
    assert.deepEqual(
      own.map(({ type, service, actor }) => [type, service, actor]),
      [['order.created', 'order', 'user/2/alice']],
    );
    const [first] = own;
    const again = { event: orderContract.events.created as EventType, data: {}, id: first?.event_id ?? '' };
    const packed = moved(order.order_id, 'pending', 'packed');
    const told = [packed, packed, { ...again, about: `order/${order.order_id}` }];
    await Promise.all([...told, ...told].map((event, n) => hear(event, n % 2 ? orders : others)));
    const types = (await orders.timeline.list(order.order_id)).map(({ type }) => type);
    assert.deepEqual(types.sort(), ['order.created', 'order.status_changed', 'shipment.status_changed']);
  });

  test('an event of another order, or of none, is not told', async () => {
    const order = await placed();
    for (const about of ['', 'order/', 'order/x', 'orders/17', `order/${order.order_id}9`, `file/${order.order_id}`]) {
      await hear({ ...heard(deliveryEvents.created, order.order_id, {}), about });
    }
    assert.equal((await orders.timeline.list(order.order_id)).length, 1);
  });
});
