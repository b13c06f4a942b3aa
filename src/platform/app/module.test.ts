import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from 'typebox';
import { type Access, type Actor, type Ctx, contract, op, type RequestKey } from '../contract/contract.ts';
import { DuplicateRequest } from '../contract/duplicates.ts';
import { AppError } from '../contract/errors.ts';
import type { StoredResponse } from '../db/stored-response.ts';
import { allow, asPeer, guard, wasReplayed } from './guard.ts';

function ctxOf(actor: Actor, more: Partial<Ctx> = {}): Ctx {
  return Object.freeze({ actor, now: '2026-07-28T09:30:00.000Z', trace: '00-1-2-01', requestId: 'r', ...more });
}

const user = (role: 'customer' | 'staff' | 'admin'): Actor => ({ kind: 'user', id: 7, username: 'u', role });
const actors: Record<string, Actor> = {
  anonymous: { kind: 'anonymous' },
  customer: user('customer'),
  staff: user('staff'),
  admin: user('admin'),
  system: { kind: 'system' },
};

/** Access rule to what becomes of an anonymous caller, a customer, staff, an admin and the platform itself. */
const table: Record<Access, string[]> = {
  public: ['yes', 'yes', 'yes', 'yes', 'yes'],
  customer: ['unauthenticated', 'yes', 'yes', 'yes', 'yes'],
  staff: ['unauthenticated', 'forbidden', 'yes', 'yes', 'yes'],
  admin: ['unauthenticated', 'forbidden', 'forbidden', 'yes', 'yes'],
  internal: ['forbidden', 'forbidden', 'forbidden', 'forbidden', 'yes'],
};

function verdict(access: Access, ctx: Ctx): string {
  try {
    allow(access, ctx);
    return 'yes';
  } catch (error) {
    assert.ok(error instanceof AppError);
    return error.kind;
  }
}

for (const access of Object.keys(table) as Access[]) {
  test(`what is ${access} lets in those it names`, () => {
    assert.deepEqual(
      Object.values(actors).map((actor) => verdict(access, ctxOf(actor))),
      table[access],
    );
  });
}

test('a peer may call what is internal, whoever it acts for', () => {
  for (const actor of Object.values(actors)) assert.equal(verdict('internal', ctxOf(actor, { via: 'order' })), 'yes');
});

test('a peer lends its caller no rights: the other rules hold as before', () => {
  for (const access of ['customer', 'staff', 'admin'] as const) {
    assert.deepEqual(
      Object.values(actors).map((actor) => verdict(access, ctxOf(actor, { via: 'order' }))),
      table[access],
    );
  }
});

const input = Type.Object({ amount: Type.Integer() });
const output = Type.Object({ id: Type.Integer(), amount: Type.Integer() });
const till = contract({
  name: 'till',
  summary: 'Takes money.',
  port: 3999,
  topic: 'payments',
  ops: {
    pay: op('POST /pay', { access: 'customer', summary: 'Pays', idempotent: true, status: 201, input, output }),
    refund: op('POST /refund', { access: 'staff', summary: 'Gives back', input, output }),
  },
  events: {},
  errors: {},
});

interface State {
  readonly id: number;
  readonly amount: number;
}

/** A till that keeps its answers as a store does: with the state, in the moment of the save. */
function aTill(kept = new Map<string, StoredResponse>()) {
  let payments = 0;
  const seen: Ctx[] = [];
  const calls: boolean[] = [];
  const api = guard(
    till,
    {
      pay: {
        async execute(ctx: Ctx, { amount }: { amount: number }): Promise<State> {
          seen.push(ctx);
          const { request } = ctx;
          await new Promise<void>((resolve) => setImmediate(resolve));
          if (request && kept.has(request.key)) throw new DuplicateRequest();
          payments++;
          const state = { id: payments, amount };
          if (request) kept.set(request.key, { ...request, result: state });
          return state;
        },
        respond(_ctx: Ctx, state: State, _input: object, repeated: boolean) {
          calls.push(repeated);
          return state;
        },
      },
      async refund(ctx: Ctx, { amount }: { amount: number }) {
        seen.push(ctx);
        return { id: 0, amount };
      },
    },
    async (key) => kept.get(key),
  );
  return { api, seen, calls, payments: () => payments };
}

const request = (more: Partial<RequestKey> = {}): RequestKey => ({
  op: 'till.pay',
  key: '7 till.pay k',
  fingerprint: 'five',
  ...more,
});
const paying = (more: Partial<RequestKey> = {}) => ctxOf(user('customer'), { request: request(more) });

test('a refused caller does not reach the action', async () => {
  const { api, seen } = aTill();
  await assert.rejects(api.pay(ctxOf({ kind: 'anonymous' }), { amount: 5 }), { code: 'TRADEPOST_UNAUTHENTICATED' });
  await assert.rejects(api.refund(ctxOf(user('customer')), { amount: 5 }), { code: 'TRADEPOST_FORBIDDEN' });
  assert.deepEqual(seen, []);
});

test('a request that comes again with its key has its first answer, and happens once', async () => {
  const { api, calls, payments } = aTill();
  const [first, again] = [paying(), paying()];
  assert.deepEqual(await api.pay(first, { amount: 5 }), { id: 1, amount: 5 });
  assert.deepEqual(await api.pay(again, { amount: 5 }), { id: 1, amount: 5 });
  assert.deepEqual([payments(), wasReplayed(first), wasReplayed(again)], [1, false, true]);
  assert.deepEqual(calls, [false, true]);
});

test('without a key, and with another, it happens again', async () => {
  const { api, payments } = aTill();
  await api.pay(paying(), { amount: 5 });
  await api.pay(paying({ key: '7 till.pay other' }), { amount: 5 });
  await api.pay(ctxOf(user('customer')), { amount: 5 });
  assert.equal(payments(), 3);
});

test('a key that comes with another body is refused', async () => {
  const { api, payments } = aTill();
  await api.pay(paying(), { amount: 5 });
  const other = paying({ fingerprint: 'six' });
  await assert.rejects(api.pay(other, { amount: 6 }), { code: 'TRADEPOST_KEY_REUSED', status: 422 });
  assert.deepEqual([payments(), wasReplayed(other)], [1, false]);
});

test('of the same request many times at once one happens, and all have its answer', async () => {
  const { api, payments } = aTill();
  const contexts = Array.from({ length: 20 }, () => paying());
  const answers = await Promise.all(contexts.map((ctx) => api.pay(ctx, { amount: 5 })));
  assert.deepEqual(answers, Array(20).fill({ id: 1, amount: 5 }));
  assert.equal(payments(), 1);
  assert.equal(contexts.filter(wasReplayed).length, 19);
});

test('of two bodies with one key at once the slower is refused', async () => {
  const { api, payments } = aTill();
  const [one, two] = await Promise.allSettled([
    api.pay(paying(), { amount: 5 }),
    api.pay(paying({ fingerprint: 'six' }), { amount: 6 }),
  ]);
  assert.equal(one.status, 'fulfilled');
  assert.equal(two.status === 'rejected' && two.reason.code, 'TRADEPOST_KEY_REUSED');
  assert.equal(payments(), 1);
});

test('a request that failed may be repeated with its key', async () => {
  const kept = new Map<string, StoredResponse>();
  let fails = true;
  const act = async (_ctx: Ctx, { amount }: { amount: number }) => {
    if (fails) throw new AppError('TILL_SHUT', 'unavailable', 'the till is shut');
    return { id: 1, amount };
  };
  const api = guard(till, { pay: act, refund: act }, async (key) => kept.get(key));
  await assert.rejects(api.pay(paying(), { amount: 5 }), { code: 'TILL_SHUT' });
  fails = false;
  assert.deepEqual(await api.pay(paying(), { amount: 5 }), { id: 1, amount: 5 });
});

test('a key belongs to the operation that the client called: one called in turn does not see it', async () => {
  const { api, seen } = aTill();
  const ctx = ctxOf(user('staff'), { request: request({ op: 'order.cancel' }) });
  await api.refund(ctx, { amount: 5 });
  await api.pay(ctx, { amount: 5 });
  assert.deepEqual(
    seen.map((one) => [one.request, one.actor, one.requestId, Object.isFrozen(one)]),
    Array(2).fill([undefined, ctx.actor, 'r', true]),
  );
});

test('a service as its peer sees it is told who calls', async () => {
  const { api, seen } = aTill();
  const ctx = ctxOf(user('staff'));
  await asPeer('order', api).refund(ctx, { amount: 5 });
  assert.deepEqual(seen, [{ ...ctx, via: 'order' }]);
  assert.ok(Object.isFrozen(seen[0]));
});
