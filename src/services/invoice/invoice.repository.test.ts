import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { minor } from '../../platform/contract/money.ts';
import type { ClickHouseStore } from '../../platform/db/clickhouse/store/store.ts';
import { eachStore, type StoredRow } from '../../testing/stores.ts';
import { invoiceClickHouse } from './clickhouse/invoice.repository.clickhouse.ts';
import { invoiceContract } from './invoice.contract.ts';
import { anOrder, at } from './invoice.fixture.ts';
import { createInvoice, type InvoiceState } from './invoice.model.ts';
import type { InvoiceRepository } from './invoice.repository.ts';
import { invoicePostgres } from './postgres/invoice.repository.postgres.ts';
import { cancelInvoice, followMoney, sendInvoice } from './statuses/invoice.statuses.model.ts';

const SCHEMA = 'tradepost_invoice';
const NOW = '2026-07-28T09:30:00.000Z';
const buyer = { name: 'Alice Example', lines: ['2 Example Road'] };

function series(year: number, from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => `INV-${year}-${String(from + i).padStart(6, '0')}`);
}

eachStore('how invoices are kept', (store) => {
  let kept: StoredRow<InvoiceRepository>;
  let processes: readonly InvoiceRepository[];
  let invoices: InvoiceRepository;
  let tables: ClickHouseStore;

  const numberOf = (state: InvoiceState) => state.invoice_number;

  before(async () => {
    kept = await store.open(
      invoiceContract,
      {
        postgres: { open: invoicePostgres },
        clickhouse: {
          events: 'invoices',
          open(opened) {
            tables = opened;
            return invoiceClickHouse(opened);
          },
        },
      },
      3,
    );
    processes = kept.repositories;
    [invoices] = processes as [InvoiceRepository];
  });

  beforeEach(() => kept.clear());
  after(() => kept.close());

  async function invoice(order_id: number, now = NOW, more = {}, on = invoices, time_zone = 'UTC') {
    const invoice_id = await on.ids.next();
    const ctx = at(now, more);
    return on.save(ctx, createInvoice(anOrder({ order_id }), { invoice_id, buyer, time_zone }, ctx));
  }

  const cancel = (state: InvoiceState) => invoices.save(at(NOW), cancelInvoice(state, at(NOW)));

  /** Saves an invoice that no store takes. */
  async function impossible(order_id: number): Promise<InvoiceState> {
    const ctx = at(NOW);
    const invoice_id = await invoices.ids.next();
    const { next, events } = createInvoice(anOrder({ order_id }), { invoice_id, buyer, time_zone: 'UTC' }, ctx);
    return invoices.save(ctx, { next: { ...next, status: 'lost' as never }, events });
  }

  /** What a shop brings along that comes from elsewhere: how far the numbers of a year have come. */
  async function lastNumber(year: number, last: number): Promise<void> {
    if (store.driver === 'clickhouse') await tables.engine.insert(`${tables.database}.number_series`, [{ year, last }]);
    else await kept.rows(`insert into ${SCHEMA}.number_series values (${year}, ${last})`);
  }

  /** And an invoice, with the number that it has there: past the one way in that there is for new ones. */
  async function moveIn(state: InvoiceState): Promise<void> {
    const row = { ...state, items: JSON.stringify(state.items), buyer: JSON.stringify(state.buyer) };
    if (store.driver === 'clickhouse') {
      const nothing = { request_key: '', request_print: '', mark: '', events: '[]' };
      const position = state.invoice_id;
      await tables.engine.insert(`${tables.database}.invoices`, [{ ...row, ...nothing, position, written_by: 'copy' }]);
      return;
    }
    const text = JSON.stringify({ ...state }).replaceAll("'", "''");
    const into = `${SCHEMA}.invoices`;
    await kept.rows(`insert into ${into} select * from json_populate_record(null::${into}, '${text}')`);
  }

  test('what is saved is read again as it was', async () => {
    const saved = await invoice(1);
    assert.equal(saved.version, 1);
    assert.equal(saved.invoice_number, 'INV-2026-000001');
    assert.deepEqual(await invoices.get(saved.invoice_id), saved);
    assert.deepEqual(await invoices.findByOrder(1), saved);
  });

  test('what is not there is not found', async () => {
    await assert.rejects(invoices.get(999_999), { code: 'INVOICE_NOT_FOUND' });
    assert.equal(await invoices.findByOrder(999_999), undefined);
  });

  test('the event and the kept answer carry the number that the database gave', async () => {
    const request = { op: 'invoice.create', key: '2 invoice.create k', fingerprint: 'f' };
    const saved = await invoice(1, NOW, { request });
    const [event, ...rest] = await kept.announced();
    assert.deepEqual(rest, []);
    assert.deepEqual([event?.type, event?.subject], ['invoice.created', String(saved.invoice_id)]);
    assert.deepEqual([event?.data.invoice_number, event?.data.total], ['INV-2026-000001', 2859.98]);
    assert.deepEqual(await kept.answer(request.key), { key: request.key, fingerprint: 'f', result: saved });
  });

  test('fifty invoices at once have fifty numbers in a row', async () => {
    const saved = await Promise.all(Array.from({ length: 50 }, (_, i) => invoice(i + 1)));
    assert.deepEqual(saved.map(numberOf).sort(), series(2026, 1, 50));
  });

  const YEARS_ENDS = {
    UTC: '2027-01-01T00:00:00.000Z',
    'Pacific/Auckland': '2026-12-31T11:00:00.000Z',
    'America/Los_Angeles': '2027-01-01T08:00:00.000Z',
  };
  for (const [zone, midnight] of Object.entries(YEARS_ENDS)) {
    test(`each year of the shop counts for itself: in ${zone} it begins at ${midnight}`, async () => {
      const before = new Date(Date.parse(midnight) - 1).toISOString();
      const of = (order_id: number, now: string) => invoice(order_id, now, {}, invoices, zone);
      const saved = await Promise.all([before, midnight, '2026-06-01T00:00:00.000Z'].map((now, i) => of(i + 1, now)));
      assert.deepEqual(saved.map(numberOf).sort(), ['INV-2026-000001', 'INV-2026-000002', 'INV-2027-000001']);
      assert.equal((await of(4, midnight)).invoice_number, 'INV-2027-000002');
      assert.equal((await of(5, before)).invoice_number, 'INV-2026-000003');
      const announced = (await kept.announced()).map(({ data }) => data.invoice_number);
      assert.ok(announced.includes('INV-2027-000002'));
    });
  }

  test('an order whose invoice is cancelled gets another; the cancelled one keeps its number', async () => {
    const first = await cancel(await invoice(1));
    assert.deepEqual(await invoices.findByOrder(1), first);
    const second = await invoice(1, '2026-07-28T09:31:00.000Z');
    assert.deepEqual([first, second].map(numberOf), series(2026, 1, 2));
    assert.deepEqual(await invoices.findByOrder(1), second);
    await assert.rejects(invoice(1), { code: 'INVOICE_EXISTS' });
    const third = await cancel(second).then(() => invoice(1, '2026-07-28T09:32:00.000Z'));
    await cancel(third);
    assert.equal((await invoices.findByOrder(1))?.invoice_number, 'INV-2026-000003');
    assert.equal((await invoices.list({ user_id: 2 }, { limit: 9 })).items.length, 3);
  });

  test('of those who invoice an order anew at once, in three processes, one does', async () => {
    const orders = [1, 2, 3, 4, 5];
    for (const made of await Promise.all(orders.map((id) => invoice(id)))) await cancel(made);
    const answers = await Promise.allSettled(
      processes.flatMap((on) => [...orders, ...orders].map((id) => invoice(id, NOW, {}, on))),
    );
    const made = answers.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    assert.deepEqual(made.map((one) => one.order_id).sort(), orders);
    assert.deepEqual(made.map(numberOf).sort(), series(2026, 6, 10));
  });

  test('a second invoice of an order is refused and takes no number, nor the others along', async () => {
    await invoice(1);
    const answers = await Promise.allSettled([1, 2, 3, 3, 1, 4].map((order_id) => invoice(order_id)));
    const codes = answers.map((one) => (one.status === 'rejected' ? one.reason.code : numberOf(one.value)));
    assert.deepEqual(codes.filter((code) => code === 'INVOICE_EXISTS').length, 3);
    assert.deepEqual(codes.filter((code) => code.startsWith('INV-')).sort(), series(2026, 2, 4));
    assert.equal((await invoice(5)).invoice_number, 'INV-2026-000005');
  });

  test('three processes that invoice the same orders at once make each once and leave no gap', async () => {
    const orders = Array.from({ length: 60 }, (_, i) => i + 1);
    const attempts = processes.flatMap((on, i) => orders.map((id) => invoice(((id + i * 7) % 60) + 1, NOW, {}, on)));
    const answers = await Promise.allSettled(attempts);
    const made = answers.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const reasons = answers.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []));
    assert.deepEqual(made.map(numberOf).sort(), series(2026, 1, 60));
    assert.deepEqual(new Set(reasons), new Set(['INVOICE_EXISTS']));
    assert.equal((await kept.announced()).length, 60);
    assert.equal((await invoice(61)).invoice_number, 'INV-2026-000061');
  });

  test('a save that fails gives its number back', async () => {
    await assert.rejects(impossible(17));
    assert.equal((await invoice(1)).invoice_number, 'INV-2026-000001');
  });

  test('an invoice that cannot be kept takes neither another nor a number along', async () => {
    const answers = await Promise.allSettled([1, 2, 3, 4, 5].map((id) => (id === 3 ? impossible(id) : invoice(id))));
    const made = answers.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    assert.deepEqual(made.map(numberOf).sort(), series(2026, 1, 4));
    assert.equal(await invoices.findByOrder(3), undefined);
    assert.equal((await invoice(3)).invoice_number, 'INV-2026-000005');
  });

  test('the numbers of a shop that moved in go on after the last one that was given there', async () => {
    await lastNumber(2026, 41);
    assert.equal((await invoice(1)).invoice_number, 'INV-2026-000042');
    assert.equal((await invoice(2, '2027-01-01T00:00:00.000Z')).invoice_number, 'INV-2027-000001');
    assert.equal((await invoice(3)).invoice_number, 'INV-2026-000043');
  });

  test('the last number is found by the row of its year (in ClickHouse also by the invoices themselves)', async () => {
    const numbers = ['INV-2026-000007', 'INV-2026-12', 'INV-2025-000099', 'OLD-500', 'INV-2026-20260728093000'];
    for (const [n, invoice_number] of numbers.entries()) {
      const { next } = createInvoice(
        anOrder({ order_id: 100 + n }),
        { invoice_id: 1_000_000 + n, buyer, time_zone: 'UTC' },
        at(NOW),
      );
      await moveIn({ ...next, invoice_number, version: 1 });
    }
    if (store.driver === 'postgres') await lastNumber(2026, 12);
    assert.equal((await invoice(1)).invoice_number, 'INV-2026-000013');
    assert.equal((await invoices.findByOrder(103))?.invoice_number, 'OLD-500');
  });

  test('the millionth invoice of a year keeps all its digits', async () => {
    await lastNumber(2026, 999_999);
    assert.equal((await invoice(1)).invoice_number, 'INV-2026-1000000');
    assert.equal((await invoice(2)).invoice_number, 'INV-2026-1000001');
  });

  test('an order has one living invoice (PostgreSQL: by a constraint; ClickHouse has none: by the lock of its one way in)', async () => {
    const first = await invoice(1);
    const past = moveIn({ ...first, invoice_id: first.invoice_id + 1_000, invoice_number: 'INV-2026-000002' });
    if (store.driver === 'postgres') await assert.rejects(past, { code: '23505' });
    else await past;
    assert.deepEqual(await invoices.findByOrder(1), first);
    await assert.rejects(invoice(1), { code: 'INVOICE_EXISTS' });
  });

  test('a change of status keeps the number, and of two at once the later is stale', async () => {
    const saved = await invoice(1);
    const ctx = at(NOW);
    const answers = await Promise.allSettled([
      invoices.save(ctx, sendInvoice(saved, ctx)),
      invoices.save(ctx, cancelInvoice(saved, ctx)),
    ]);
    assert.deepEqual(
      answers.map((one) => (one.status === 'rejected' ? one.reason.code : one.value.status)),
      ['sent', 'TRADEPOST_STALE'],
    );
    assert.deepEqual(await invoices.get(saved.invoice_id), { ...saved, status: 'sent', version: 2 });
  });

  test('what moved for an invoice is kept, as a part payment that changes no status', async () => {
    const saved = await invoice(1);
    const ctx = at(NOW);
    const totals = { paid_total: minor(5000), refunded_total: minor(3000), credited_total: minor(1000) };
    const part = await invoices.save(ctx, followMoney(saved, totals, ctx));
    assert.deepEqual(await invoices.get(saved.invoice_id), { ...saved, ...totals, version: 2 });
    const [, event] = await kept.announced();
    assert.deepEqual([event?.type, event?.data.paid_total, event?.data.open], ['invoice.balance_changed', 50, 2829.98]);
    const wrong = { ...part, credited_total: minor(3001) };
    await assert.rejects(invoices.save(ctx, sendInvoice(wrong, ctx)));
  });

  test('lists are newest first, by user and by status, and go on where a page ended', async () => {
    const ids: number[] = [];
    for (const order_id of [1, 2, 3]) ids.unshift((await invoice(order_id)).invoice_id);
    const first = await invoices.list({ user_id: 2 }, { limit: 2 });
    assert.deepEqual(
      first.items.map((one) => one.invoice_id),
      ids.slice(0, 2),
    );
    await invoice(4);
    const second = await invoices.list({ user_id: 2 }, { limit: 2, cursor: first.next });
    assert.deepEqual([second.items.map((one) => one.invoice_id), second.next], [ids.slice(2), undefined]);
    assert.deepEqual(await invoices.list({ user_id: 3 }, { limit: 2 }), { items: [] });
    assert.equal((await invoices.list({ status: 'draft' }, { limit: 9 })).items.length, 4);
    assert.equal((await invoices.list({ status: 'paid' }, { limit: 9 })).items.length, 0);
  });
});
