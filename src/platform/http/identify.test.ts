import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CTX_HEADER } from '../auth/seal.ts';
import type { Access, Ctx } from '../contract/contract.ts';
import { createLog } from '../observability/log.ts';
import { identifier } from './routes.ts';
import { createServer } from './server.ts';
import { tokenOf, tokens } from './things.fixture.ts';

// A route of a module that is not an operation: it identifies its caller and returns the result.
const log = createLog({ LOG_LEVEL: 'silent', NODE_ENV: 'test' });
const app = createServer(log);
let url: string;
before(async () => {
  const identify = identifier('thing', { log, tokens, seal: undefined });
  app.get('/room/:access', async (request) => identify(request, (request.params as { access: Access }).access));
  url = await app.listen({ host: '127.0.0.1', port: 0 });
});
after(() => app.close());

async function ask(path: string, headers: Record<string, string> = {}): Promise<{ status: number; ctx: Ctx }> {
  const answer = await fetch(`${url}/room/${path}`, { headers });
  return { status: answer.status, ctx: (await answer.json()) as Ctx };
}

test('a route that is no operation gets the context of its request', async () => {
  const token = await tokenOf('staff');
  const { ctx } = await ask('staff', { ...token, 'x-request-id': 'mine' });
  assert.deepEqual([ctx.actor.kind, ctx.requestId, ctx.request, ctx.cause], ['user', 'mine', undefined, undefined]);
  assert.ok(Math.abs(Date.parse(ctx.now) - Date.now()) < 60_000);
  const [, bare = ''] = (token.authorization ?? '').split(' ');
  assert.deepEqual((await ask(`staff?access_token=${bare}`)).ctx.actor, ctx.actor);
});

test('it refuses the callers that an operation of the same access refuses', async () => {
  const customer = await tokenOf('customer');
  const answers = await Promise.all([
    ask('customer'),
    ask('customer', { authorization: 'Bearer no' }),
    ask('customer', customer),
    ask('staff', customer),
    ask('internal', { ...customer, [CTX_HEADER]: 'forged' }),
    ask('public'),
  ]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [401, 401, 200, 403, 403, 200],
  );
  assert.equal(answers.at(-1)?.ctx.actor.kind, 'anonymous');
});
