import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from 'typebox';
import { type Ctx, contract, event, Id, op } from '../contract/contract.ts';
import { systemCtx } from '../contract/ctx.ts';
import { type Consumer, type Envelope, on } from '../contract/events.ts';
import { asPeer, guard, ownService } from './guard.ts';
import { defineService } from './module.ts';

const rang = event('bell.rang', 'somebody rings', Type.Object({ door: Id() }));
const door = contract({
  name: 'door',
  summary: 'Lets people in.',
  port: 3999,
  topic: 'doors',
  ops: {
    open: op('POST /doors/{door}/open', {
      access: 'staff',
      summary: 'Opens a door',
      input: Type.Object({ door: Id() }),
      output: Type.Object({ open: Type.Boolean() }),
    }),
  },
  events: {},
  errors: {},
});

const calls: string[] = [];
const service = () => ({
  async open(_ctx: Ctx, input: { door: number }) {
    calls.push(`open ${input.door}`);
    return { open: true };
  },
  async answerBell(_ctx: Ctx, input: { door: number }) {
    calls.push(`bell ${input.door}`);
  },
});
type Door = ReturnType<typeof service>;

const consumers: readonly Consumer<Door>[] = [
  on(rang, 'answer', (own, ctx, data) => own.answerBell(ctx, data)),
  on(rang, 'open', (own, ctx, data) => own.open(ctx, data)),
];

const noAnswer = async () => undefined;
const stores = { postgres: { open: () => ({}) } };

test('a consumer reaches the internal actions of its service, and its operations behind their guard', async () => {
  const own = ownService(service(), guard(door, service(), noAnswer)) as unknown as Door;
  const guest: Ctx = { ...systemCtx(), actor: { kind: 'anonymous' } };
  for (const { handle } of consumers) await handle(own, systemCtx(), { door: 7 }, {} as Envelope);
  assert.deepEqual(calls, ['bell 7', 'open 7']);
  await assert.rejects(own.open(guest, { door: 7 }), { code: 'TRADEPOST_UNAUTHENTICATED' });
});

test('an internal action is reached by no request and by no other service', () => {
  const api = guard(door, service(), noAnswer);
  assert.deepEqual(Object.keys(api), ['open']);
  assert.deepEqual(Object.keys(asPeer('order', api)), ['open']);
});

test('a consumer or a job of what its service does not have is a fault of types', () => {
  const fitting = { contract: door, stores, service };
  assert.equal(defineService({ ...fitting, consumers }).consumers, consumers);
  const strange = [on(rang, 'sing', (own: Door & { sing(): Promise<void> }) => own.sing())];
  // @ts-expect-error the door cannot sing
  defineService({ ...fitting, consumers: strange });
  // @ts-expect-error nor at night
  defineService({ ...fitting, jobs: [{ name: 'sing', everySeconds: 1, run: (own) => own.sing() }] });
  // @ts-expect-error the bell has no name
  on(rang, 'name', (_own, _ctx, { name }) => Promise.resolve(name));
});
