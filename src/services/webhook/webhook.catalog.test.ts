import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contracts } from '../../testing/system.ts';
import { ledgerOps } from '../payment/ledger/payment.ledger.contract.ts';
import { paymentOps } from '../payment/payment.contract.ts';
import { receivableOps } from '../payment/receivables/payment.receivables.contract.ts';
import { webhookOps } from './webhook.contract.ts';
import { CATALOG, DEFAULT_TYPES, STAFF_TYPES, TEST_TYPE } from './webhook.events.contract.ts';

const types = CATALOG.map(({ type }) => type);

test('every event of every service can be chosen, and nothing else', () => {
  const all = contracts.flatMap(({ events }) => Object.values(events).map(({ type }) => type));
  assert.deepEqual(types.toSorted(), all.toSorted());
  assert.equal(new Set(types).size, types.length);
  assert.ok(!types.includes(TEST_TYPE));
  assert.ok(DEFAULT_TYPES.every((type) => types.includes(type)));
});

test('what concerns one user says so in its payload; the catalogue of products concerns nobody', () => {
  assert.deepEqual(STAFF_TYPES, ['product.created', 'product.updated', 'product.withdrawn', 'stock.adjusted']);
});

test('what was a part of payment answers at its old addresses', () => {
  const moved = Object.values(webhookOps).filter(({ aliases }) => aliases !== undefined);
  assert.equal(moved.length, 8);
  for (const { path, aliases } of moved) assert.deepEqual(aliases, [`/payment${path}`]);
});

test('no contract file of payment or webhook has more than sixteen operations', () => {
  const own = Object.keys(paymentOps).length - Object.keys(receivableOps).length - Object.keys(ledgerOps).length;
  for (const count of [own, Object.keys(receivableOps).length, Object.keys(webhookOps).length]) assert.ok(count <= 16);
});
