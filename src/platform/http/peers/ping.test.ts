import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { clientOf } from '../../../testing/client.ts';
import { freePort } from '../../../testing/ports.ts';
import { type CtxSeal, createSeal } from '../../auth/seal.ts';
import type { Ctx } from '../../contract/contract.ts';
import { Degraded, Down } from '../../observability/health.ts';
import {
  endServers,
  seal,
  serveThings,
  type ThingServer,
  thingContract,
  thingService,
  tokenOf,
} from '../things.fixture.ts';
import { pingCheck } from './ping.ts';
import { remote } from './remote.ts';

let things: ThingServer;
before(async () => {
  things = await serveThings(thingService().api, seal);
});
after(() => endServers(things));

/** The result of the ping check of a process with this seal. */
async function finds(own: CtxSeal, url = things.url): Promise<unknown> {
  const client = remote(thingContract, url, own);
  try {
    return await pingCheck('thing', 'tester', client.ping)().catch((error: unknown) => error);
  } finally {
    await client.close();
  }
}

test('a peer with the same secret and clock accepts calls', async () => {
  assert.equal(await finds(seal), undefined);
});

test('another secret is reported before a customer meets it, with the remedy', async () => {
  const found = await finds(createSeal('another secret that is long'));
  assert.ok(found instanceof Down);
  assert.match(found.message, /^does not take our calls: the secret of its process differs .* the same SERVICE_SECRET/);
});

test('a clock that is a minute off is reported with its difference and the remedy', async (t) => {
  const late: CtxSeal = {
    ...seal,
    seal(ctx, to) {
      t.mock.timers.enable({ apis: ['Date'], now: Date.now() - 60_000 });
      const header = seal.seal(ctx, to);
      t.mock.timers.reset();
      return header;
    },
  };
  const found = await finds(late);
  assert.ok(found instanceof Down);
  assert.match(found.message, /clock of its process differs from ours by about (60|61|62) s; .*\(NTP\)/);
});

test('clocks that drift apart are reported while calls are still accepted', async () => {
  const answering = (offset: number) => async (_ctx: Ctx) => ({ now: new Date(Date.now() + offset).toISOString() });
  for (const offset of [-12_000, 12_000]) {
    await assert.rejects(pingCheck('thing', 'tester', answering(offset)), (error) => {
      assert.ok(error instanceof Degraded);
      assert.match(error.message, /differs from ours by 12 s: .*\(NTP\)/);
      return true;
    });
  }
  await pingCheck('thing', 'tester', answering(3_000))();
});

test('a peer that is missing, or another program, is reported without its address', async () => {
  const port = await freePort();
  const nobody = await finds(seal, `http://127.0.0.1:${port}`);
  const deaf = await serveThings(thingService().api);
  const other = await finds(seal, deaf.url);
  await endServers(deaf);
  for (const [found, sentence] of [
    [nobody, /^refuses the connection/],
    [other, /of another version/],
  ] as const) {
    assert.ok(found instanceof Down);
    assert.match(found.message, sentence);
    assert.doesNotMatch(found.message, /127\.0\.0\.1/);
  }
});

test('only a sealed call of a peer is answered', async () => {
  const client = clientOf(things.url);
  assert.equal((await client.get('/internal/thing/ping')).status, 403);
  assert.equal((await client.get('/internal/thing/ping', await tokenOf('staff'))).status, 403);
});
