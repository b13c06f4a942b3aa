import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { type Database, openDatabase } from '../../platform/db/postgres.ts';
import { postgresStore } from '../../platform/db/store.ts';
import { testDatabase } from '../../platform/testing/databases.ts';
import { eachEngine } from '../../platform/testing/engines.ts';
import { invoiceContract } from './invoice.contract.ts';
import { anOrder, at } from './invoice.fixture.ts';
import { createInvoice, type InvoiceState, setStatus } from './invoice.model.ts';
import { invoicePostgres } from './invoice.repository.postgres.ts';
import type { InvoiceRepository } from './invoice.repository.ts';

const SCHEMA = 'tradepost_invoice';
const NOW = '2026-07-28T09:30:00.000Z';
const buyer = { name: 'Alice Example', lines: ['2 Example Road'] };

function series(year: number, from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => `INV-${year}-${String(from + i).padStart(6, '0')}`);
}

eachEngine('how invoices are kept', (engine) => {
  let database: Awaited<ReturnType<typeof testDatabase>>;
  let processes: Database[];
  let invoices: InvoiceRepository;

  const repositoryOn = (db: Database) => invoicePostgres(postgresStore(db, invoiceContract));
  const numberOf = (state: InvoiceState) => state.invoice_number;
  const rows = async (text: string) => processes[0]?.query<Record<string, unknown>>({ name: '', text });

  before(async () => {
    database = await testDatabase(engine);
    processes = [1, 2, 3].map(() => openDatabase(database.url));
    invoices = repositoryOn(processes[0] as Database);
  });

  beforeEach(async () => {
    const tables = ['invoices', 'number_series', 'outbox', 'request'].map((table) => `${SCHEMA}.${table}`);
    await processes[0]?.script(`truncate ${tables}`);
  });

  after(async () => {
    await Promise.all(processes.map((db) => db.close()));
    await database.drop();
  });

  async function invoice(order_id: number, now = NOW, more = {}, on = invoices): Promise<InvoiceState> {
    const invoice_id = await on.nextId();
    const ctx = at(now, more);
    return on.save(ctx, createInvoice(anOrder({ order_id }), { invoice_id, buyer }, ctx));
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
    const events = await rows(
      `select type, subject, data ->> 'invoice_number' as number, data ->> 'total' as total from ${SCHEMA}.outbox`,
    );
    const subject = String(saved.invoice_id);
    assert.deepEqual(events, [{ type: 'invoice.created', subject, number: 'INV-2026-000001', total: '2859.98' }]);
    assert.deepEqual(await rows(`select result from ${SCHEMA}.request`), [{ result: saved }]);
  });

  test('fifty invoices at once have fifty numbers in a row', async () => {
    const saved = await Promise.all(Array.from({ length: 50 }, (_, i) => invoice(i + 1)));
    assert.deepEqual(saved.map(numberOf).sort(), series(2026, 1, 50));
  });

  test('each year counts for itself, and the year is that of UTC', async () => {
    const times = ['2026-12-31T23:59:59.999Z', '2027-01-01T00:00:00.000Z', '2026-06-01T00:00:00.000Z'];
    const saved = await Promise.all(times.map((now, i) => invoice(i + 1, now)));
    const more = await invoice(4, times[1]);
    assert.deepEqual(saved.map(numberOf).sort(), ['INV-2026-000001', 'INV-2026-000002', 'INV-2027-000001']);
    assert.equal(more.invoice_number, 'INV-2027-000002');
  });

  test('a second invoice of an order is refused and takes no number, nor its neighbours along', async () => {
    await invoice(1);
    const answers = await Promise.allSettled([1, 2, 3, 3, 1, 4].map((order_id) => invoice(order_id)));
    const codes = answers.map((one) => (one.status === 'rejected' ? one.reason.code : numberOf(one.value)));
    assert.deepEqual(codes.filter((code) => code === 'INVOICE_EXISTS').length, 3);
    assert.deepEqual(codes.filter((code) => code.startsWith('INV-')).sort(), series(2026, 2, 4));
    assert.equal((await invoice(5)).invoice_number, 'INV-2026-000005');
  });

  test('three processes that invoice the same orders at once make each once and leave no gap', async () => {
    const all = [invoices, ...processes.slice(1).map(repositoryOn)];
    const orders = Array.from({ length: 60 }, (_, i) => i + 1);
    const attempts = all.flatMap((on, i) => orders.map((id) => invoice(((id + i * 7) % 60) + 1, NOW, {}, on)));
    const answers = await Promise.allSettled(attempts);
    const made = answers.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const reasons = answers.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []));
    assert.deepEqual(made.map(numberOf).sort(), series(2026, 1, 60));
    assert.deepEqual(new Set(reasons), new Set(['INVOICE_EXISTS']));
    const counts = await rows(
      `select (select last from ${SCHEMA}.number_series) as last, (select count(*) from ${SCHEMA}.outbox) as events`,
    );
    assert.deepEqual(counts, [{ last: 60, events: 60 }]);
  });

  test('a save that fails gives its number back', async () => {
    const ctx = at(NOW);
    const { next, events } = createInvoice(anOrder(), { invoice_id: await invoices.nextId(), buyer }, ctx);
    await assert.rejects(invoices.save(ctx, { next: { ...next, status: 'lost' as never }, events }));
    assert.equal((await invoice(1)).invoice_number, 'INV-2026-000001');
  });

  test('the millionth invoice of a year keeps all its digits', async () => {
    await rows(`insert into ${SCHEMA}.number_series values (2026, 999999)`);
    assert.equal((await invoice(1)).invoice_number, 'INV-2026-1000000');
  });

  test('a change of status keeps the number, and of two at once the later is stale', async () => {
    const saved = await invoice(1);
    const ctx = at(NOW);
    const answers = await Promise.allSettled([
      invoices.save(ctx, setStatus(saved, 'sent', ctx)),
      invoices.save(ctx, setStatus(saved, 'cancelled', ctx)),
    ]);
    assert.deepEqual(
      answers.map((one) => (one.status === 'rejected' ? one.reason.code : one.value.status)),
      ['sent', 'TRADEPOST_STALE'],
    );
    assert.deepEqual(await invoices.get(saved.invoice_id), { ...saved, status: 'sent', version: 2 });
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
