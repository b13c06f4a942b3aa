import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BookDifference } from '../../services/analytics/books/analytics.books.contract.ts';
import { booksText } from './books.print.ts';

const figures = { agrees: true, comparisons: [], ledger: [] };
const difference: BookDifference = {
  pair: 'order/shipment',
  order_id: 17,
  product_id: null,
  what: 'a parcel of a cancelled order has left',
  left: 'order: cancelled, not_fulfilled',
  right: 'shipment 9: in_transit',
  mend: 'PUT /shipments/9 {"status": "returned"}',
  since: '2026-11-18T12:00:00.000Z',
  event: { event_id: 'e', type: 'order.cancelled', at: '2026-11-18T12:00:00.000Z' },
};

test('a check of the books names each difference: what both say, since when, by which event, and what mends it', () => {
  const ledger = { ok: false, differences: [{ what: 'order/17 paid', kept: 1, ledger: 2 }] };
  const stray = { ...difference, order_id: null, product_id: 3, since: null, event: null };
  const text = booksText({ compared: 3, differences: [difference, stray], on_their_way: 1, ledger, figures });
  assert.deepEqual(text.split('\n'), [
    'books: 3, 2 differ; 1 on their way',
    '  order 17, order/shipment: a parcel of a cancelled order has left, since 2026-11-18T12:00:00.000Z (order.cancelled)',
    '    order: cancelled, not_fulfilled',
    '    shipment 9: in_transit',
    '    mend: PUT /shipments/9 {"status": "returned"}',
    '  product 3, order/shipment: a parcel of a cancelled order has left, since an unknown time',
    '    order: cancelled, not_fulfilled',
    '    shipment 9: in_transit',
    '    mend: PUT /shipments/9 {"status": "returned"}',
    'ledger: differs',
    '  order/17 paid: 1, ledger 2',
    'There is nothing to compare with.',
  ]);
});

test('books that agree are three lines', () => {
  const ledger = { ok: true, differences: [] };
  const text = booksText({ compared: 3, differences: [], on_their_way: 0, ledger, figures });
  assert.deepEqual(text.split('\n').slice(0, 2), ['books: 3, agree', 'ledger: agrees']);
});
