import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { type Database, openDatabase } from '../../platform/db/postgres/postgres.ts';
import { postgresStore } from '../../platform/db/postgres/store/store.ts';
import { type TestDatabase, testDatabase } from '../../testing/databases.ts';
import { eachEngine } from '../../testing/engines.ts';
import { deliveryContract } from './delivery.contract.ts';
import { anOrder, anUpdate, at, SHIP_TO } from './delivery.fixture.ts';
import {
  carrierUpdate,
  openShipment,
  type ShipmentState,
  type ShipmentStep,
  setShipmentStatus,
} from './delivery.model.ts';
import { deliveryPostgres } from './delivery.repository.postgres.ts';
import type { ShipmentRepository } from './delivery.repository.ts';

const SCHEMA = 'tradepost_delivery';

eachEngine('how shipments are kept', (engine) => {
  let database: TestDatabase;
  let processes: [Database, Database];
  let shipments: ShipmentRepository;
  let others: ShipmentRepository;
  before(async () => {
    database = await testDatabase(engine);
    processes = [openDatabase(database.url), openDatabase(database.url)];
    [shipments, others] = processes.map((db) => deliveryPostgres(postgresStore(db, deliveryContract))) as [
      ShipmentRepository,
      ShipmentRepository,
    ];
  });
  beforeEach(() => processes[0].script(`truncate ${SCHEMA}.shipments, ${SCHEMA}.outbox, ${SCHEMA}.inbox`));
  after(async () => {
    await Promise.all(processes.map((db) => db.close()));
    await database.drop();
  });

  async function opened(order_id: number, more = {}, on = shipments, ctx = at()): Promise<ShipmentState> {
    const facts = { shipment_id: await on.ids.next(), ship_to: SHIP_TO, shipping_address: null };
    return on.save(ctx, openShipment(anOrder({ order_id, ...more }), facts, ctx));
  }
  const booked = async (order_id: number, tracking_number: string, carrier = 'DHL') =>
    shipments.save(
      at(),
      setShipmentStatus(
        await opened(order_id),
        { status: 'shipped', skip: ['packed'], carrier, tracking_number },
        at(),
      ),
    );
  const late = (state: ShipmentState, id: string): ShipmentStep =>
    carrierUpdate({ ...state, status: 'delivered' }, anUpdate('in_transit', 9, id), at()).historyOnly as ShipmentStep;
  const rows = (text: string) => processes[0].query<Record<string, unknown>>({ name: '', text });
  const idsOf = (all: readonly ShipmentState[]) => all.map(({ shipment_id }) => shipment_id);

  test('what is saved is read again as it was', async () => {
    const shipment = await opened(17);
    assert.equal(shipment.version, 1);
    assert.deepEqual(await shipments.get(shipment.shipment_id), shipment);
    assert.deepEqual(await shipments.findByOrder(17), shipment);
    const facts = { shipment_id: await shipments.ids.next(), ship_to: null, shipping_address: null };
    const nowhere = await shipments.save(at(), openShipment(anOrder({ order_id: 18 }), facts, at()));
    assert.deepEqual(await shipments.get(nowhere.shipment_id), nowhere);
  });

  test('what is not there is not found', async () => {
    await assert.rejects(shipments.get(999_999), { code: 'SHIPMENT_NOT_FOUND' });
    assert.equal(await shipments.findByOrder(999_999), undefined);
    assert.equal(await shipments.findByTracking('DHL', 'none'), undefined);
  });

  test('the event says which order it concerns, and not where its buyer lives', async () => {
    await opened(17);
    const [row] = await rows(`select about, data::text as data from ${SCHEMA}.outbox`);
    assert.equal(row?.about, 'order/17');
    assert.equal(String(row?.data).includes('Example'), false);
  });

  test('an order has one shipment, whoever makes it and however many at once', async () => {
    const made = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) => opened(17, {}, n % 2 ? shipments : others)),
    );
    assert.equal(made.filter(({ status }) => status === 'fulfilled').length, 1);
    const codes = made.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []));
    assert.deepEqual(new Set(codes), new Set(['SHIPMENT_EXISTS']));
    assert.deepEqual(await rows(`select count(*) from ${SCHEMA}.outbox`), [{ count: 1 }]);
  });

  test('an event that comes twice opens one shipment and is marked with it', async () => {
    const cause = { consumer: 'delivery.open_shipment', eventId: '01980000-0000-7000-8000-000000000001' };
    const ctx = at(undefined, { cause });
    await opened(17, {}, shipments, ctx);
    await assert.rejects(opened(17, {}, others, ctx), { name: 'DuplicateEvent' });
  });

  test('a carrier finds its parcel by the number, however it writes its name, and no two have the same', async () => {
    const shipment = await booked(17, 'A1');
    assert.deepEqual(await shipments.findByTracking('dhl', 'A1'), shipment);
    assert.equal(await shipments.findByTracking('UPS', 'A1'), undefined);
    await assert.rejects(booked(18, 'A1', 'dhl'), { code: 'SHIPMENT_TRACKING_TAKEN' });
    assert.equal((await booked(19, 'A1', 'UPS')).tracking_number, 'A1');
  });

  test('a late word is added once, however many say it at once, and makes an older decision stale', async () => {
    const shipment = await booked(17, 'A1');
    const step = late(shipment, 'u-1');
    await Promise.all(
      Array.from({ length: 10 }, (_, n) => (n % 2 ? shipments : others).addStep(shipment.shipment_id, step)),
    );
    await shipments.addStep(shipment.shipment_id, late(shipment, 'u-2'));
    const now = await shipments.get(shipment.shipment_id);
    assert.deepEqual(
      now.history.slice(-2).map(({ update_id }) => update_id),
      ['u-1', 'u-2'],
    );
    const decided = setShipmentStatus(shipment, { status: 'delivered', skip: ['in_transit'] }, at());
    await assert.rejects(shipments.save(at(), decided), { code: 'TRADEPOST_STALE' });
    const again = await shipments.save(
      at(),
      setShipmentStatus(now, { status: 'delivered', skip: ['in_transit'] }, at()),
    );
    assert.equal((await shipments.get(shipment.shipment_id)).history.length, again.history.length);
  });

  test('where a parcel goes is set until it is packed, and makes an older decision stale', async () => {
    const shipment = await opened(17);
    const shipping_address = { line1: '5 New Road', postal_code: '20000', city: 'Newtown', country: 'DE' };
    const destination = { ship_to: { name: 'Alice', lines: ['5 New Road', '20000 Newtown', 'DE'] }, shipping_address };
    assert.equal(await others.setDestination(17, destination), true);
    const now = await shipments.get(shipment.shipment_id);
    assert.deepEqual([now.ship_to, now.shipping_address], [destination.ship_to, shipping_address]);
    await assert.rejects(shipments.save(at(), setShipmentStatus(shipment, { status: 'packed' }, at())), {
      code: 'TRADEPOST_STALE',
    });
    await shipments.save(at(), setShipmentStatus(now, { status: 'packed' }, at()));
    assert.equal(await shipments.setDestination(17, destination), false);
    assert.equal(await shipments.setDestination(999_999, destination), false);
  });

  test('lists are newest first, by user and by status, and go on where a page ended', async () => {
    const all = [await opened(1), await opened(2, { user_id: 3 }), await opened(3)].toReversed();
    const shipped = await booked(4, 'A4');
    const list = async (filter: Parameters<ShipmentRepository['list']>[0]) =>
      idsOf((await shipments.list(filter, { limit: 50 })).items);
    assert.deepEqual(await list({}), idsOf([shipped, ...all]));
    assert.deepEqual(await list({ user_id: 3 }), idsOf(all.slice(1, 2)));
    assert.deepEqual(await list({ status: 'shipped' }), [shipped.shipment_id]);
    assert.deepEqual(await list({ user_id: 2, status: 'shipped' }), [shipped.shipment_id]);
    assert.deepEqual(await list({ user_id: 3, status: 'shipped' }), []);
    const first = await shipments.list({}, { limit: 2 });
    const second = await shipments.list({}, { limit: 2, cursor: first.next });
    assert.deepEqual([...idsOf(first.items), ...idsOf(second.items)], idsOf([shipped, ...all]));
    assert.equal(second.next, undefined);
  });

  test('what is under way with a carrier is found, page by page', async () => {
    const [a, b] = [await booked(1, 'A1', 'simulator'), await booked(2, 'A2', 'simulator')];
    await booked(3, 'A3');
    await shipments.save(
      at(),
      setShipmentStatus(await booked(4, 'A4', 'simulator'), { status: 'delivered', skip: ['in_transit'] }, at()),
    );
    await opened(5);
    assert.deepEqual(idsOf(await shipments.underWay('simulator', 0, 9)), idsOf([a, b]));
    assert.deepEqual(idsOf(await shipments.underWay('simulator', a.shipment_id, 1)), idsOf([b]));
  });
});
