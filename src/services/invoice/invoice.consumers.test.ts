import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readConfig } from '../../platform/config/config.ts';
import { DuplicateEvent } from '../../platform/contract/duplicates.ts';
import { AppError } from '../../platform/contract/errors.ts';
import type { Envelope } from '../../platform/contract/events.ts';
import { minor } from '../../platform/contract/money.ts';
import { createLog } from '../../platform/observability/log.ts';
import { eachStore, type StoredRow } from '../../testing/stores.ts';
import { invoiceClickHouse } from './clickhouse/invoice.repository.clickhouse.ts';
import { invoiceConsumers } from './invoice.consumers.ts';
import { invoiceContract } from './invoice.contract.ts';
import { anOrder, at } from './invoice.fixture.ts';
import { createInvoice } from './invoice.model.ts';
import type { InvoiceRepository } from './invoice.repository.ts';
import { invoiceService } from './invoice.service.ts';
import { invoicePostgres } from './postgres/invoice.repository.postgres.ts';

const NOW = '2026-07-28T09:30:00.000Z';
const TOTAL = 285_998;

const STORES = { postgres: { open: invoicePostgres }, clickhouse: { open: invoiceClickHouse, events: 'invoices' } };

eachStore('what invoices follow', (store) => {
  let kept: StoredRow<InvoiceRepository>;
  let invoices: InvoiceRepository;
  let orders = 0;
  let events = 0;
  /** How the sales API says that an order stands. */
  let status: 'pending' | 'cancelled' = 'pending';

  before(async () => {
    kept = await store.open(invoiceContract, STORES, 1);
    [invoices] = kept.repositories as [InvoiceRepository];
  });
  after(() => kept.close());

  async function draft() {
    const invoice_id = await invoices.ids.next();
    const order = anOrder({ order_id: ++orders });
    return invoices.save(
      at(NOW),
      createInvoice(order, { invoice_id, buyer: { name: 'Alice Example', lines: [] }, time_zone: 'UTC' }, at(NOW)),
    );
  }

  function consumer(name: string) {
    const forInvoice = async (_ctx: unknown, { order_id }: { order_id: number }) => anOrder({ order_id, status });
    const nobody = () => Promise.reject(new Error('nobody asks'));
    const payment = { openReceivable: nobody, closeReceivable: nobody, payOutside: nobody, findReceivables: nobody };
    const peers = { order: { forInvoice }, user: { profileOf: nobody }, payment };
    const found = invoiceConsumers.find((one) => one.name === name);
    assert.ok(found);
    const tools = {
      config: readConfig({}, [{ name: 'invoice' }]),
      log: createLog({ LOG_LEVEL: 'silent', NODE_ENV: 'test' }),
    };
    const service = invoiceService({ repository: invoices, peers, tools });
    const eventId = `0190a000-0000-7000-8000-${String(++events).padStart(12, '0')}`;
    const cause = { consumer: `invoice.${name}`, eventId };
    return (data: object) => found.handle(service, at(NOW, { cause }), data, {} as Envelope);
  }

  function moved({ invoice_id, order_id }: { invoice_id: number; order_id: number }, paid: number, refunded = 0) {
    const what = { transaction_id: 1, user_id: 2, amount: minor(1), currency: 'USD', at: NOW };
    return { ...what, invoice_id, order_id, paid_total: minor(paid), refunded_total: minor(refunded) };
  }

  const statusOf = async ({ invoice_id }: { invoice_id: number }) => (await invoices.get(invoice_id)).status;

  test('an invoice is paid once, in whatever order its parts are announced', async () => {
    const invoice = await draft();
    const [first, last] = [consumer('cover'), consumer('cover')];
    await last(moved(invoice, TOTAL));
    assert.equal(await statusOf(invoice), 'paid');
    await first(moved(invoice, 100));
    assert.equal(await statusOf(invoice), 'paid');
    const before = (await invoices.get(invoice.invoice_id)).version;
    await last(moved(invoice, TOTAL)).catch((error: unknown) => assert.ok(error instanceof DuplicateEvent));
    assert.equal((await invoices.get(invoice.invoice_id)).version, before);
  });

  test('money for an invoice that is not there yet is tried again; money for none is nothing to it', async () => {
    await assert.rejects(
      consumer('cover')(moved({ invoice_id: 999_999, order_id: 999_999 }, 1)) as Promise<unknown>,
      AppError,
    );
    await consumer('cover')({
      ...moved({ invoice_id: 1, order_id: 1 }, 1),
      invoice_id: null,
      order_id: null,
      paid_total: null,
    });
  });

  test('an invoice goes with its order; one that is paid stays, whichever is announced first', async () => {
    const [open, paid] = [await draft(), await draft()];
    await consumer('cancel')({ order_id: open.order_id });
    await consumer('cover')(moved(open, TOTAL));
    assert.equal(await statusOf(open), 'cancelled');
    await consumer('cover')(moved(paid, TOTAL));
    await consumer('cancel')({ order_id: paid.order_id });
    assert.equal(await statusOf(paid), 'paid');
    await consumer('cancel')({ order_id: 999_999 });
  });

  test('an invoice that was made while its order was cancelled is cancelled after all', async () => {
    const invoice = await draft();
    await consumer('look_again')({ order_id: invoice.order_id });
    assert.equal(await statusOf(invoice), 'draft');
    status = 'cancelled';
    await consumer('look_again')({ order_id: invoice.order_id });
    status = 'pending';
    assert.equal(await statusOf(invoice), 'cancelled');
  });
});
