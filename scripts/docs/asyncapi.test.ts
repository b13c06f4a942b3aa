import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { ATTRIBUTES, BUSES, headersOn } from '../../src/platform/bus/catalog.ts';
import { toHeaders } from '../../src/platform/bus/cloudevents.ts';
import type { Envelope } from '../../src/platform/contract/events.ts';
import { asyncapi, subscriptionsOf } from '../../src/platform/http/openapi/asyncapi.ts';
import { wiredServices } from '../map.ts';
import { asyncapiPage } from './asyncapi.ts';

interface Operation {
  readonly action: string;
  readonly channel: Reference;
  readonly messages: readonly Reference[];
}

interface Document {
  readonly channels: Record<string, { readonly messages: Record<string, Reference> }>;
  readonly operations: Record<string, Operation>;
  readonly components: { readonly messages: Record<string, { readonly payload: Payload }> };
}

interface Payload {
  readonly properties: Record<string, object>;
}

interface Reference {
  readonly $ref: string;
}

const descriptions = wiredServices().map(({ module }) => module);
const text = asyncapiPage(wiredServices());
const whole = JSON.parse(text) as Document;

const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });

test('the document is what AsyncAPI 3.0 takes', () => {
  const schema = createRequire(import.meta.url)('@asyncapi/specs/schemas/3.0.0-without-$id.json') as object;
  const valid = ajv.validate(schema, whole);
  assert.ok(valid, ajv.errorsText());
  assert.ok(!ajv.validate(schema, { ...whole, servers: { nowhere: {} } }), 'does the schema refuse anything?');
});

test('every reference leads somewhere in the document', () => {
  const references = [...text.matchAll(/"\$ref": "([^"]+)"/g)].map(([, to]) => to ?? '');
  assert.ok(references.length > 50);
  for (const to of references) {
    const found = to
      .slice(2)
      .split('/')
      .reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], whole);
    assert.ok(found, to);
  }
});

test('every event of every contract is a message of its topic, and its service announces it', () => {
  for (const { contract } of descriptions) {
    for (const { type } of Object.values(contract.events)) {
      assert.ok(whole.channels[contract.topic]?.messages[type], type);
      const { action, messages } = whole.operations[`${contract.name}.announce`] ?? assert.fail(contract.name);
      assert.equal(action, 'send');
      assert.ok(messages.some(({ $ref }) => $ref.endsWith(`/${type}`)));
    }
  }
});

test('every consumer is an operation that receives', () => {
  const heard = descriptions.flatMap((party) => subscriptionsOf(party, descriptions));
  const receivers = Object.entries(whole.operations).filter(([, { action }]) => action === 'receive');
  assert.deepEqual(receivers.map(([name]) => name).sort(), heard.map(({ consumer }) => consumer).sort());
  assert.equal(
    whole.operations['delivery.open_shipment']?.messages[0]?.$ref,
    '#/channels/orders/messages/order.created',
  );
});

test('what a module listens to is known without building it', () => {
  const listening = descriptions.flatMap(({ contract, consumers }) => (consumers ? [{ contract, consumers }] : []));
  assert.ok(listening.length > 0);
  for (const { contract, consumers } of listening) {
    assert.ok(consumers.length > 0, contract.name);
    assert.equal(new Set(consumers.map(({ name }) => name)).size, consumers.length, 'a name marks one consumer');
  }
});

test('the document of one service has what it announces and what it hears, and no more', () => {
  const services = new Set(['delivery']);
  const delivery = JSON.parse(
    JSON.stringify(asyncapi({ descriptions, services, title: 'Delivery', version: '1' })),
  ) as Document;
  assert.deepEqual(Object.keys(delivery.channels).sort(), ['orders', 'shipments']);
  assert.deepEqual(Object.keys(delivery.channels.orders?.messages ?? {}).sort(), ['order.cancelled', 'order.created']);
  assert.ok(Object.keys(delivery.operations).every((name) => name.startsWith('delivery.')));
});

test('amounts are decimals, as they travel', () => {
  const { properties } = whole.components.messages['order.created']?.payload ?? assert.fail();
  const { type, format } = (properties.total ?? {}) as { type?: string; format?: string };
  assert.deepEqual([type, format], ['number', 'money']);
});

const EVENT: Envelope = {
  id: '0192f0c0-0000-7000-8000-000000000001',
  source: 'order',
  type: 'order.created',
  subject: '17',
  time: '2026-11-21T12:00:00.000Z',
  trace: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  correlation: 'a-request',
  causation: '0192f0c0-0000-7000-8000-000000000002',
  actor: 'user/2/alice',
  about: 'order/17',
  data: '{}',
};

test('the described headers are those that are sent', () => {
  const { causation: _, about: __, ...least } = EVENT;
  for (const bus of BUSES.filter(({ prefix }) => prefix !== undefined)) {
    const sent = toHeaders(EVENT, bus.prefix ?? '');
    assert.deepEqual(Object.keys(sent).sort(), ATTRIBUTES.map(({ name }) => bus.prefix + name).sort());
    for (const headers of [sent, toHeaders(least, bus.prefix ?? '')]) {
      assert.ok(ajv.validate(headersOn(bus), headers), ajv.errorsText());
    }
    const { [`${bus.prefix}id`]: ___, ...nameless } = sent;
    assert.ok(!ajv.validate(headersOn(bus), nameless), 'the id may be absent?');
  }
});
