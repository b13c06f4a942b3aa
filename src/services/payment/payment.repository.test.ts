import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readConfig } from '../../platform/config/config.ts';
import type { Ctx } from '../../platform/contract/contract.ts';
import { DuplicateEvent, DuplicateRequest } from '../../platform/contract/duplicates.ts';
import { minor } from '../../platform/contract/money.ts';
import { retryOnConflict } from '../../platform/contract/retry-on-conflict.ts';
import { type Database, openDatabase } from '../../platform/db/postgres/postgres.ts';
import { postgresStore } from '../../platform/db/postgres/store/store.ts';
import { testDatabase } from '../../testing/databases.ts';
import { eachEngine } from '../../testing/engines.ts';
import { ledgerCheck } from './ledger/payment.ledger-check.ts';
import { settleCancelled } from './model/payment.cancellation.model.ts';
import { payAll } from './model/payment.capture.model.ts';
import type { Charge, ChargeRequest } from './model/payment.model.ts';
import { closeInvoice } from './model/payment.receivable.model.ts';
import { refund } from './model/payment.refunds.model.ts';
import { paymentContract, type RefundKind } from './payment.contract.ts';
import { aCharge, at } from './payment.fixture.ts';
import type { PaymentRepository } from './payment.repository.ts';
import { paymentPostgres } from './postgres/payment.repository.postgres.ts';

const config = readConfig({}, []);

eachEngine('how payments are kept', (engine) => {
  let database: Awaited<ReturnType<typeof testDatabase>>;
  let pools: Database[];
  let here: PaymentRepository;
  let there: PaymentRepository;
  let users = 100;

  before(async () => {
    database = await testDatabase(engine);
    pools = [1, 2].map(() => openDatabase(database.url));
    [here, there] = pools.map((db) => paymentPostgres(postgresStore(db, paymentContract), { config })) as [
      PaymentRepository,
      PaymentRepository,
    ];
  });

  after(async () => {
    await Promise.all(pools.map((db) => db.close()));
    await database.drop();
  });

  const rows = async (text: string, values: unknown[] = []) =>
    (await pools[0]?.query<Record<string, unknown>>({ name: '', text }, values)) ?? [];
  const someone = (): number => ++users;

  async function make(user_id: number, more: Partial<ChargeRequest> = {}, on = here, ctx: Ctx = at()) {
    const transaction_id = await on.ids.transaction.next();
    return on.saveCharge(ctx, aCharge({ transaction_id, user_id, ...more }, ctx));
  }

  async function pay(user_id: number, on = here, ctx: Ctx = at()) {
    const [account, act_id, payment_id] = await Promise.all([
      on.openAccount(user_id),
      on.ids.operation.next(),
      on.ids.payment.next(),
    ]);
    return on.record(ctx, payAll(account, { act_id, payment_id, user_id, currency: 'USD', provider: 'manual' }, ctx));
  }

  async function giveBack(
    transaction_id: number,
    amount: number,
    on = here,
    ctx: Ctx = at(),
    kind: RefundKind = 'credit',
  ) {
    const [account, act_id, refund_id] = await Promise.all([
      on.account([transaction_id]),
      on.ids.operation.next(),
      on.ids.refund.next(),
    ]);
    const facts = { act_id, refund_id, amount: minor(amount), reason: 'late', kind, immediate: true };
    return on.record(ctx, refund(account, facts, ctx));
  }

  const invoiceOf = (order_id: number, total = 10_000) => ({ invoice_id: order_id, order_id, total: minor(total) });
  const fates = (results: readonly PromiseSettledResult<unknown>[]) =>
    results.map((one) =>
      one.status === 'fulfilled' ? 'done' : ((one.reason as { code?: string }).code ?? String(one.reason)),
    );
  const check = () => ledgerCheck(here.ledger)(at());
  const agree = async () => assert.deepEqual((await check()).differences, []);

  test('what is saved is read again as it was', async () => {
    const user = someone();
    const { invoice_total: _total, ...saved } = (await make(user, { invoice: invoiceOf(someone()) })) as Charge;
    assert.equal(saved.version, 1);
    assert.deepEqual(await here.get(saved.transaction_id), saved);
    assert.deepEqual((await here.list({ user_id: user }, { limit: 5 })).items, [saved]);
    assert.deepEqual((await here.openAccount(user)).transactions, [saved]);
    await assert.rejects(here.get(999_999), { code: 'PAYMENT_NOT_FOUND' });
  });

  test('two processes race for what a user may total, and stop at the cent', async () => {
    const [one, other] = [someone(), someone()];
    const tries = Array.from({ length: 100 }, (_, n) =>
      make(n % 4 < 2 ? one : other, { amount: minor(7_000) }, n % 2 ? here : there),
    );
    const results = fates(await Promise.allSettled(tries));
    assert.equal(results.filter((fate) => fate === 'done').length, 28);
    assert.equal(results.filter((fate) => fate === 'PAYMENT_LIMIT').length, 72);
    const kept = await rows('select unbilled from tradepost_payment.wallets where user_id = any($1)', [[one, other]]);
    assert.deepEqual(kept, [{ unbilled: 98_000 }, { unbilled: 98_000 }]);
    await agree();
  });

  test('two processes race for the total of an invoice, and stop at the cent', async () => {
    const [user, order] = [someone(), someone()];
    const tries = Array.from({ length: 60 }, (_, n) =>
      make(user, { amount: minor(1_500), invoice: invoiceOf(order) }, n % 2 ? here : there),
    );
    const results = fates(await Promise.allSettled(tries));
    assert.equal(results.filter((fate) => fate === 'done').length, 6);
    assert.equal(results.filter((fate) => fate === 'PAYMENT_INVOICE_COVERED').length, 54);
  });

  test('a refused transaction leaves nothing behind, and takes no other along', async () => {
    const [rich, poor] = [someone(), someone()];
    const results = fates(
      await Promise.allSettled([make(rich), make(poor, { amount: minor(100_001) }), make(someone())]),
    );
    assert.deepEqual(results, ['done', 'PAYMENT_LIMIT', 'done']);
    assert.deepEqual(await rows('select from tradepost_payment.entries where user_id = $1', [poor]), []);
    assert.deepEqual(await rows('select from tradepost_payment.wallets where user_id = $1', [poor]), []);
  });

  test('two processes that pay the same at once pay it once; the other one is told to look again', async () => {
    const user = someone();
    await make(user);
    const results = await Promise.allSettled([pay(user, here), pay(user, there), pay(user, here), pay(user, there)]);
    assert.deepEqual(fates(results).sort(), ['TRADEPOST_STALE', 'TRADEPOST_STALE', 'TRADEPOST_STALE', 'done']);
    const captured = await rows(
      `select count(*) from tradepost_payment.outbox where type = 'payment.captured' and data ->> 'user_id' = $1`,
      [String(user)],
    );
    assert.deepEqual(captured, [{ count: 1 }]);
    await agree();
  });

  test('refunds of two processes at once never give back more than was paid', async () => {
    const user = someone();
    const { transaction_id } = await make(user);
    await pay(user);
    const tries = Array.from({ length: 20 }, (_, n) => giveBack(transaction_id, 1_500, n % 2 ? here : there));
    const done = fates(await Promise.allSettled(tries)).filter((fate) => fate === 'done').length;
    assert.ok(done >= 1 && done <= 2, String(done));
    const state = await here.get(transaction_id);
    assert.equal(state.refunded, done * 1_500);
    await agree();
  });

  test('credit notes have numbers without a gap, over a year and its end', async () => {
    const user = someone();
    const made = await make(user);
    await pay(user);
    const last = async (year: number) =>
      Number((await rows('select last from tradepost_payment.number_series where year = $1', [year]))[0]?.last ?? 0);
    const before = await last(2031);
    await giveBack(made.transaction_id, 100, here, at({}, '2031-12-31T23:59:59.999Z'));
    await giveBack(made.transaction_id, 100, here, at({}, '2032-01-01T00:00:00.000Z'));
    await giveBack(made.transaction_id, 100, here, at({}, '2031-12-31T23:59:59.999Z'));
    const { items } = await here.refunds({ user_id: user }, { limit: 3 });
    assert.deepEqual(
      items.map(({ number }) => number),
      [
        `CN-2031-${String(before + 2).padStart(6, '0')}`,
        'CN-2032-000001',
        `CN-2031-${String(before + 1).padStart(6, '0')}`,
      ],
    );
  });

  test('the year of a credit note is that of the shop, where it is already the next one', async () => {
    const zoned = readConfig({ SHOP_TIME_ZONE: 'Pacific/Auckland' }, []);
    // Of its own: the statements of a pool are prepared with its year.
    const db = openDatabase(database.url, { poolSize: 1 });
    const there = paymentPostgres(postgresStore(db, paymentContract), { config: zoned });
    const user = someone();
    const { transaction_id } = await make(user);
    await pay(user);
    // 00:30 on the first of January in Auckland.
    await giveBack(transaction_id, 100, there, at({}, '2033-12-31T11:30:00.000Z'));
    await giveBack(transaction_id, 100, there, at({}, '2033-12-31T10:30:00.000Z'));
    const { items } = await here.refunds({ user_id: user }, { limit: 2 });
    assert.deepEqual(
      items.map(({ number }) => number),
      ['CN-2033-000001', 'CN-2034-000001'],
    );
    await db.close();
  });

  test('an act is whole or not at all: when one of its transactions has moved, none does', async () => {
    const user = someone();
    const [first, second] = [await make(user), await make(user)];
    const account = await here.openAccount(user);
    await rows('update tradepost_payment.transactions set version = version + 1 where transaction_id = $1', [
      second.transaction_id,
    ]);
    const facts = {
      act_id: await here.ids.operation.next(),
      payment_id: await here.ids.payment.next(),
      user_id: user,
      currency: 'USD',
      provider: 'manual',
    };
    await assert.rejects(here.record(at(), payAll(account, facts, at())), { code: 'TRADEPOST_STALE' });
    assert.equal((await here.get(first.transaction_id)).status, 'open');
    assert.equal(await here.findPayment({ payment_id: facts.payment_id }), undefined);
    assert.deepEqual(await rows('select from tradepost_payment.acts where act_id = $1', [facts.act_id]), []);
  });

  test('many users pay in one statement, and each has their own', async () => {
    const many = Array.from({ length: 40 }, someone);
    await Promise.all(many.map((user) => make(user)));
    const acts = await Promise.all(many.map((user) => pay(user)));
    assert.deepEqual(
      acts.map(({ user_id, transactions }) => [user_id, transactions.length]),
      many.map((user) => [user, 1]),
    );
    await agree();
  });

  test('after an order was cancelled nothing is claimed for it, whichever comes first', async () => {
    const [user, early, late] = [someone(), someone(), someone()];
    await here.receivables.closeOrder(early, user);
    await assert.rejects(make(user, { invoice: invoiceOf(early) }), { code: 'PAYMENT_INVOICE_CANCELLED' });
    await Promise.all([
      ...Array.from({ length: 10 }, (_, n) =>
        make(user, { amount: minor(10), invoice: invoiceOf(late) }, n % 2 ? here : there).catch(() => undefined),
      ),
      there.receivables.closeOrder(late, user),
    ]);
    const { transactions, balances } = await here.accountOfOrder(late, user);
    assert.deepEqual(
      [balances.get(late)?.closed ?? true, balances.get(late)?.claimed ?? 0],
      [true, transactions.length * 10],
    );
    await assert.rejects(make(user, { invoice: invoiceOf(late) }), { code: 'PAYMENT_INVOICE_CANCELLED' });
  });

  const opening = (order_id: number, user_id: number, invoice_id = order_id) => {
    const amounts = { subtotal: 9_091, tax: 909, tax_rate: '0.1', total: 10_000, currency: 'USD' };
    return { order_id, user_id, invoice_id, ...amounts, at: at().now };
  };

  test('an invoice is opened once, and takes over what was charged before there were receivables', async () => {
    const [user, order, old] = [someone(), someone(), someone()];
    const both = await Promise.all(
      [here, there].map((on) => retryOnConflict(() => on.receivables.open(opening(order, user)))),
    );
    assert.deepEqual(
      both.map(({ invoice_id, total, claimed }) => [invoice_id, total, claimed]),
      Array(2).fill([order, 10_000, 0]),
    );
    assert.equal((await here.receivables.open(opening(order, user, order + 1_000_000))).invoice_id, order);
    assert.equal((await here.findByInvoice(order))?.version, 1);
    await make(user, { invoice: invoiceOf(old) });
    assert.equal((await here.receivables.find([old]))[0]?.currency, null);
    const { claimed, currency } = await there.receivables.open(opening(old, user));
    assert.deepEqual([claimed, currency], [4_000, 'USD']);
    await agree();
  });

  test('a cancelled order is not opened, nor an invoice that was cancelled before', async () => {
    const [user, order, invoiced] = [someone(), someone(), someone()];
    await here.receivables.closeOrder(order, user);
    assert.equal((await there.receivables.open(opening(order, user))).closed, true);
    await here.receivables.markClosed({ order_id: invoiced, invoice_id: invoiced, user_id: user });
    assert.equal((await here.receivables.open(opening(invoiced, user))).invoice_closed, true);
    const next = await here.receivables.open(opening(invoiced, user, invoiced + 1_000_000));
    assert.deepEqual([next.invoice_closed, next.total], [false, 10_000]);
  });

  test('an invoice that is closed looks again when something was charged for it at that moment', async () => {
    const [user, order] = [someone(), someone()];
    await here.receivables.open(opening(order, user));
    await make(user, { invoice: invoiceOf(order) });
    const account = await here.accountOfOrder(order, user);
    await make(user, { invoice: invoiceOf(order) }, there);
    const close = async (from: typeof account) => {
      const facts = { act_id: await here.ids.operation.next(), order_id: order, invoice_id: order, currency: 'USD' };
      return here.record(at(), closeInvoice(from, facts, at()));
    };
    await assert.rejects(close(account), { code: 'TRADEPOST_STALE' });
    await close(await here.accountOfOrder(order, user));
    const { transactions, balances } = await here.accountOfOrder(order, user);
    assert.deepEqual(
      [transactions.map(({ status }) => status), balances.get(order)?.claimed, balances.get(order)?.invoice_closed],
      [['voided', 'voided'], 0, true],
    );
    await assert.rejects(make(user, { invoice: invoiceOf(order) }), { code: 'PAYMENT_INVOICE_CANCELLED' });
    await agree();
  });

  test('a payment that looked before its order was cancelled is told to look again', async () => {
    const [user, order] = [someone(), someone()];
    await make(user, { invoice: invoiceOf(order) });
    const account = await here.openAccount(user);
    await there.receivables.closeOrder(order, user);
    const facts = {
      act_id: await here.ids.operation.next(),
      payment_id: await here.ids.payment.next(),
      user_id: user,
      currency: 'USD',
      provider: 'manual',
    };
    await assert.rejects(here.record(at(), payAll(account, facts, at())), { code: 'TRADEPOST_STALE' });
  });

  test('the effect of an event and its mark are one; the event that comes again finds it', async () => {
    const [user, order] = [someone(), someone()];
    await make(user, { invoice: invoiceOf(order) });
    await here.receivables.closeOrder(order, user);
    const cause = { consumer: 'payment.give_back', eventId: '0190a000-0000-7000-8000-000000000001' };
    const cancel = async (on: PaymentRepository) => {
      const account = await here.accountOfOrder(order, user);
      const facts = { act_id: await on.ids.operation.next(), refund_ids: [], immediate: () => true };
      return { on, change: settleCancelled(account, facts, at({ cause })) };
    };
    const both = [await cancel(here), await cancel(there)];
    const results = await Promise.allSettled(both.map(({ on, change }) => on.record(at({ cause }), change)));
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
    const again = both[0]?.change;
    assert.ok(again);
    await assert.rejects(here.record(at({ cause }), again), (error) => error instanceof DuplicateEvent);
    await agree();
  });

  test('a request that is stored already is answered before, and moves nothing', async () => {
    const user = someone();
    const request = { op: 'payment.create', key: `${user} payment.create k`, fingerprint: 'f' };
    await make(user, {}, here, at({ request }));
    await assert.rejects(make(user, {}, there, at({ request })), (error) => error instanceof DuplicateRequest);
    assert.deepEqual(await rows('select unbilled from tradepost_payment.wallets where user_id = $1', [user]), [
      { unbilled: 4_000 },
    ]);
  });

  test('the ledger is only added to', async () => {
    await make(someone());
    for (const text of [
      'update tradepost_payment.entries set amount = amount + 1',
      'delete from tradepost_payment.entries',
      'truncate tradepost_payment.entries',
    ]) {
      await assert.rejects(rows(text), /the ledger is only added to/);
    }
    const entry = (debit: string, amount: number) =>
      rows(
        `insert into tradepost_payment.entries (transaction_id, nth, kind, user_id, debit, credit, amount, currency, created_at)
         values (1, 99, 'claim', 1, $1, 'sales', $2, 'USD', now())`,
        [debit, amount],
      );
    await assert.rejects(entry('sales', 5), /two_accounts/);
    await assert.rejects(entry('receivable/1', -5), /amount_positive/);
  });

  test('the check names what does not say what the ledger says', async () => {
    const user = someone();
    const { transaction_id } = await make(user);
    await rows(`update tradepost_payment.transactions set amount = 5000 where transaction_id = $1`, [transaction_id]);
    const since = at().now;
    const { differences } = await check();
    assert.deepEqual(differences, [
      { what: `transaction/${transaction_id} charged`, kept: 5_000, ledger: 4_000, since },
      { what: `wallet/${user} charged`, kept: 4_000, ledger: 5_000, since },
    ]);
    await rows(`update tradepost_payment.transactions set amount = 4000 where transaction_id = $1`, [transaction_id]);
    await agree();
  });

  test('what is left of cancelled orders is found until it is settled', async () => {
    const [user, order] = [someone(), someone()];
    await make(user, { invoice: invoiceOf(order) });
    await pay(user);
    await here.receivables.closeOrder(order, user);
    const orders = async () => (await here.unfinished(at().now)).balances.map(({ order_id }) => order_id);
    assert.ok((await orders()).includes(order));
    const account = await here.accountOfOrder(order, user);
    const facts = {
      act_id: await here.ids.operation.next(),
      refund_ids: [await here.ids.refund.next()],
      immediate: () => true,
    };
    await here.record(at(), settleCancelled(account, facts, at()));
    assert.ok(!(await orders()).includes(order));
  });
});
