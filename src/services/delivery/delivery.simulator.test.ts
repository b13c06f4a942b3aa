import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eachEngine } from '../../testing/engines.ts';
import { settle } from '../../testing/settle.ts';
import { type World, world } from '../../testing/world.ts';
import { simulatorOf } from './carriers/simulator.ts';
import { aShipment, at, NOW } from './delivery.fixture.ts';
import type { CarrierUpdate } from './delivery.model.ts';
import { carrierUpdate, type ShipmentState } from './delivery.model.ts';

const STEP = 10;
const simulator = simulatorOf(STEP);
const afterSteps = (steps: number): string => new Date(Date.parse(NOW) + steps * STEP * 1000).toISOString();
const numberOf = async (shipment_id: number) => (await simulator.book(aShipment({ shipment_id }))).tracking_number;

function said(tracking_number: string, steps: number): readonly CarrierUpdate[] {
  return simulator.updatesOf?.({ tracking_number, since: NOW }, afterSteps(steps)) ?? [];
}

test('a parcel that is booked again has the same number, and every parcel its own', async () => {
  assert.equal(await numberOf(9), await numberOf(9));
  const numbers = await Promise.all(Array.from({ length: 200 }, (_, n) => numberOf(n + 1)));
  assert.equal(new Set(numbers).size, 200);
});

test('nothing is said before the first step, and what was said stays said', async () => {
  const number = await numberOf(9);
  assert.deepEqual(said(number, 0.5), []);
  for (let steps = 1; steps < 10; steps++) {
    const before = said(number, steps - 1);
    assert.deepEqual(said(number, steps).slice(0, before.length), before);
  }
});

test('its word comes doubled and out of order, as that of real ones, and every parcel arrives', async () => {
  let disordered = 0;
  for (let shipment_id = 1; shipment_id <= 50; shipment_id++) {
    const all = said(await numberOf(shipment_id), 20);
    assert.equal(all.length, 8);
    assert.equal(new Set(all.map(({ update_id }) => update_id)).size, 4);
    const times = all.map((one) => one.at);
    if (times.some((time, n) => n > 0 && time < (times[n - 1] ?? ''))) disordered++;
    const { status } = all.reduce<ShipmentState>(
      (state, update) => carrierUpdate(state, update, at()).change.next,
      aShipment(),
    );
    assert.equal(status, 'delivered');
  }
  assert.ok(disordered > 25, `${disordered} of 50`);
});

eachEngine('the built-in carrier', (engine) => {
  let shop: World;
  before(async () => {
    shop = await world({ engine, env: { CARRIER_SIMULATION: 'on', CARRIER_SIMULATION_SECONDS: '1' } });
  });
  after(() => shop.close());

  test('takes what was packed to its end, whatever it says on the way, and the order follows', async () => {
    const [admin, alice] = await Promise.all([shop.as('admin'), shop.as('alice')]);
    const { order_id } = (await alice.post('/orders/single', { product_id: 2, quantity: 1 })).body;
    const { shipment_id } = await settle(async () => {
      const answer = await alice.get(`/shipments/order/${order_id}`);
      assert.equal(answer.status, 200);
      return answer.body as unknown as { shipment_id: number };
    });
    await admin.put(`/shipments/${shipment_id}`, { status: 'packed' });
    await settle(async () =>
      assert.equal((await alice.get(`/orders/${order_id}`)).body.fulfillment_status, 'delivered'),
    );
    const { carrier, status } = (await alice.get(`/shipments/${shipment_id}`)).body;
    assert.deepEqual([carrier, status], ['simulator', 'delivered']);
  });
});
