import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { readConfig } from '../../../platform/config/config.ts';
import { minor } from '../../../platform/contract/money.ts';
import { type Database, openDatabase } from '../../../platform/db/postgres/postgres.ts';
import { postgresStore } from '../../../platform/db/postgres/store/store.ts';
import { createLog } from '../../../platform/observability/log.ts';
import { type TestDatabase, testDatabase } from '../../../testing/databases.ts';
import { engine } from '../../../testing/engines.ts';
import { ledgerCheck } from '../ledger/payment.ledger-check.ts';
import { paymentContract } from '../payment.contract.ts';
import { at } from '../payment.fixture.ts';
import type { PaymentRepository } from '../payment.repository.ts';
import { paymentService } from '../payment.service.ts';
import { paymentPostgres } from '../postgres/payment.repository.postgres.ts';

const RUNS = 12;
const tools = { config: readConfig({}, []), log: createLog({ LOG_LEVEL: 'silent', NODE_ENV: 'test' }) };

let database: TestDatabase;
let pools: Database[];
let repositories: PaymentRepository[];
let last = 1_000;

before(async () => {
  database = await testDatabase(engine);
  pools = [1, 2].map(() => openDatabase(database.url, { poolSize: 4 }));
  repositories = pools.map((db) => paymentPostgres(postgresStore(db, paymentContract), tools));
});

after(async () => {
  await Promise.all(pools.map((db) => db.close()));
  await database.drop();
});

const rows = <R extends object>(text: string, values: unknown[]) =>
  pools[0]?.query<R>({ name: '', text }, values) ?? assert.fail();

/** An order of 32.99 with tax, its user, and what may be done to them, through two processes in turn. */
async function story() {
  const [user_id, order_id] = [++last, ++last];
  let invoice_id = ++last;
  const actor = { kind: 'user', id: user_id, username: 'alice', role: 'admin' } as const;
  const ctx = () => at({ actor }, new Date().toISOString());
  const peers = { user: { profileOf: () => Promise.reject(new Error('nobody asks')) } };
  const services = repositories.map((repository) => paymentService({ repository, peers, tools }));
  let turn = 0;
  const service = () => services[turn++ % 2] ?? assert.fail();
  const transactions = async () => (await repositories[0]?.list({ user_id }, { limit: 200 }))?.items ?? [];
  const some = async (n: number, statuses: readonly string[]) => {
    const found = (await transactions()).filter(({ status }) => statuses.includes(status));
    return found[n % Math.max(1, found.length)]?.transaction_id ?? 999_999_999;
  };
  const invoice = () => ({ order_id, invoice_id });
  const open = () => {
    const sums = { subtotal: minor(2_999), tax: minor(300), total: minor(3_299) };
    return service().openReceivable(ctx(), { ...invoice(), ...sums, user_id, tax_rate: '0.1', currency: 'USD' });
  };
  const charge = (cents: number, more: object = {}) =>
    service().create.execute(ctx(), { amount: minor(cents), description: 'a part', ...more });
  const refund = async (n: number, kind: 'credit' | 'correction') =>
    service().refund.execute(ctx(), {
      transaction_id: await some(n, ['paid', 'partially_refunded']),
      amount: n % 5 === 0 ? undefined : minor(1 + (n % 900)),
      reason: 'so it is',
      kind,
    });
  const steps: Record<string, (n: number) => Promise<unknown>> = {
    open,
    charge: (n) => charge(1 + (n % 2_000), { invoice_id }),
    apart: (n) => charge(1 + (n % 500)),
    pay: () => service().pay.execute(ctx(), {}),
    payInvoice: () => service().pay.execute(ctx(), { invoice_id }),
    payOne: async (n) => service().pay.execute(ctx(), { transaction_ids: [await some(n, ['open'])] }),
    outside: (n) => {
      const money = { ...invoice(), key: String(n), method: 'cheque' as const, date: '2026-11-28' };
      return service().payOutside(ctx(), { ...money, amount: n % 3 === 0 ? undefined : minor(1 + (n % 1_500)) });
    },
    credit: (n) => refund(n, 'credit'),
    correct: (n) => refund(n, 'correction'),
    withdraw: async (n) => service().withdraw.execute(ctx(), { transaction_id: await some(n, ['open']) }),
    close: () => service().closeReceivable(ctx(), { ...invoice(), user_id }),
    next: () => {
      invoice_id = ++last;
      return open();
    },
    cancel: () => service().closeOrder(ctx(), { order_id, user_id }),
  };
  const receivable = async () => (await service().findReceivables(ctx(), { order_ids: [order_id] })).items[0];
  return { user_id, order_id, steps, transactions, receivable };
}

type Story = Awaited<ReturnType<typeof story>>;

/** Whatever was done, these hold. */
async function agree({ user_id, order_id, transactions, receivable }: Story): Promise<void> {
  const all = await transactions();
  const { comparison } = repositories[0]?.ledger ?? assert.fail();
  const ids = all.map(({ transaction_id }) => transaction_id);
  assert.deepEqual(await comparison.compare('transaction', ids), []);
  assert.deepEqual(await comparison.compare('order', [order_id]), []);
  assert.deepEqual(await comparison.compare('wallet', [user_id]), []);
  const one = await receivable();
  if (!one) return;
  const [paid, back, credited] = [one.paid_total, one.refunded_total, one.credited_total].map(Number) as [
    number,
    number,
    number,
  ];
  const mine = all.filter((each) => each.order_id === order_id);
  const counted = mine.filter(({ paid_at }) => paid_at !== null);
  assert.equal(
    counted.reduce((sum, { amount, refunded }) => sum + amount - refunded, 0),
    paid - back,
  );
  const due = one.closed ? 0 : (one.total ?? 0) - credited;
  assert.equal(one.open, Math.max(0, due - (paid - back)));
  const pending = mine.filter(({ status }) => status === 'open').reduce((sum, { amount }) => sum + amount, 0);
  assert.ok(one.closed || one.total === null || pending + paid - back <= due, 'no more is charged than is due');
}

/** What the entries of an order and of its transactions come to, by the kind of account. */
async function accounts(order_id: number): Promise<Record<string, number>> {
  const found = await rows<{ kind: string; balance: number }>(
    `select split_part(p.account, '/', 1) as kind, sum(p.amount)::bigint as balance from (
       select e.* from tradepost_payment.entries e left join tradepost_payment.transactions t using (transaction_id)
       where coalesce(e.order_id, t.order_id) = $1) e,
     lateral (values (debit, amount), (credit, -amount)) as p (account, amount) group by 1`,
    [order_id],
  );
  return Object.fromEntries(found.map(({ kind, balance }) => [kind, balance]));
}

test('whatever is charged, paid, given back, closed and cancelled at once, every book says the same', async () => {
  const names = ['charge', 'apart', 'pay', 'payInvoice', 'payOne', 'outside', 'credit', 'correct', 'withdraw'];
  const step = fc.record({
    name: fc.constantFrom('open', 'close', 'next', 'cancel', ...names, ...names, ...names),
    n: fc.nat(10_000),
  });
  const batches = fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(batches, async (given) => {
      const one = await story();
      await one.steps.open?.(0);
      for (const batch of given) {
        await Promise.all(
          batch.map(({ name, n }) =>
            one.steps[name]?.(n).catch((error: { code?: string }) =>
              assert.match(error.code ?? String(error), /^PAYMENT_/),
            ),
          ),
        );
        await agree(one);
      }
      await one.steps.cancel?.(0);
      await agree(one);
      const { receivable = 0, sales = 0, tax = 0, refunds = 0, cash = 0, outside = 0 } = await accounts(one.order_id);
      assert.deepEqual(
        { receivable, tax, revenue: sales + refunds, money: cash + outside },
        { receivable: 0, tax: 0, revenue: 0, money: 0 },
        'a cancelled order leaves nothing in any account',
      );
    }),
    { numRuns: RUNS },
  );
  const { differences } = await ledgerCheck(repositories[0]?.ledger ?? assert.fail())(at());
  assert.deepEqual(differences, []);
});

test('what is charged while money comes from outside is seen by it', async () => {
  for (let n = 0; n < 15; n++) {
    const one = await story();
    await one.steps.open?.(0);
    const both = [one.steps.charge?.(1_456), one.steps.outside?.(0), n % 2 ? one.steps.close?.(0) : undefined];
    for (const result of await Promise.allSettled(both)) {
      if (result.status === 'rejected') assert.match(String((result.reason as { code?: string }).code), /^PAYMENT_/);
    }
    await agree(one);
  }
});

test('an invoice is posted net and by its tax rate when it is opened; a credit takes both back in proportion', async () => {
  const { order_id, steps, receivable } = await story();
  await steps.open?.(0);
  assert.deepEqual(await accounts(order_id), { receivable: 3_299, sales: -2_999, tax: -300 });
  await steps.charge?.(999);
  await steps.pay?.(0);
  assert.deepEqual(await accounts(order_id), { receivable: 2_299, sales: -2_999, tax: -300, cash: 1_000 });
  await steps.credit?.(99);
  assert.deepEqual((await receivable())?.open, 2_299);
  const credited = await accounts(order_id);
  assert.deepEqual(credited, { receivable: 2_299, sales: -2_999, tax: -291, refunds: 91, cash: 900 });
  await steps.close?.(0);
  assert.deepEqual(await accounts(order_id), { receivable: 0, sales: -909, tax: -82, refunds: 91, cash: 900 });
  await steps.next?.(0);
  assert.equal((await accounts(order_id)).receivable, 2_299);
});

test('what was charged before claims were posted with their invoice is taken over, net and tax', async () => {
  const [user_id, order_id] = [++last, ++last];
  const service = paymentService({
    repository: repositories[0] ?? assert.fail(),
    peers: { user: { profileOf: () => Promise.reject(new Error('nobody asks')) } },
    tools,
  });
  // As the version before left it: a charge that is paid, and one that is open.
  await rows(
    `with bill as (insert into tradepost_payment.bills
         (order_id, user_id, invoice_id, total, claimed, paid, refunded, closed, version)
       values ($2, $1, $2, 3299, 3200, 2000, 500, false, 3)),
     made as (insert into tradepost_payment.transactions
         (transaction_id, user_id, amount, currency, description, invoice_id, order_id, status, refunded, refunding,
          paid_at, created_at, version)
       values ($2 + 5000000, $1, 2000, 'USD', 'x', $2, $2, 'partially_refunded', 500, 0, now(), now(), 3),
         ($2 + 6000000, $1, 1200, 'USD', 'x', $2, $2, 'open', 0, 0, null, now(), 1))
     insert into tradepost_payment.entries (transaction_id, nth, kind, user_id, debit, credit, amount, currency, created_at)
     values ($2 + 5000000, 1, 'claim', $1, 'receivable/' || $1::bigint, 'sales', 2000, 'USD', now()),
       ($2 + 5000000, 2, 'payment', $1, 'cash/manual', 'receivable/' || $1::bigint, 2000, 'USD', now()),
       ($2 + 5000000, 3, 'refund', $1, 'refunds', 'cash/manual', 500, 'USD', now()),
       ($2 + 6000000, 1, 'claim', $1, 'receivable/' || $1::bigint, 'sales', 1200, 'USD', now())`,
    [user_id, order_id],
  );
  const { comparison } = repositories[0]?.ledger ?? assert.fail();
  const differences = async () => [
    ...(await comparison.compare('order', [order_id])),
    ...(await comparison.compare('transaction', [order_id + 5_000_000, order_id + 6_000_000])),
  ];
  assert.deepEqual(await differences(), []);
  const sums = { subtotal: minor(2_999), tax: minor(300), total: minor(3_299) };
  const opening = { order_id, invoice_id: order_id, user_id, ...sums, tax_rate: '0.1', currency: 'USD' };
  const opened = await service.openReceivable(at(), opening);
  assert.deepEqual([opened.open, opened.credited_total], [1_299, 500]);
  const taken = { receivable: 1_299, sales: -2_999, tax: -300, refunds: 500, cash: 1_500 };
  assert.deepEqual(await accounts(order_id), taken);
  assert.deepEqual(await differences(), []);
  // A process of the version before beside this one: what it posts of a charge is reversed at once.
  await rows(
    `insert into tradepost_payment.entries (transaction_id, nth, kind, user_id, debit, credit, amount, currency, created_at)
     values ($2 + 6000000, 2, 'void', $1, 'sales', 'receivable/' || $1::bigint, 1200, 'USD', now())`,
    [user_id, order_id],
  );
  assert.deepEqual(await accounts(order_id), taken);
  assert.deepEqual(await differences(), []);
});
