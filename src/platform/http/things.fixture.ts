import { once } from 'node:events';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { guard } from '../app/guard.ts';
import { type CtxSeal, createSeal } from '../auth/seal.ts';
import { createTokens } from '../auth/tokens.ts';
import {
  Amount,
  type ApiOf,
  type Ctx,
  contract,
  Download,
  Id,
  Money,
  Nothing,
  OneOf,
  op,
  PageOf,
  paging,
} from '../contract/contract.ts';
import { common, errors, invalid } from '../contract/errors.ts';
import { minor } from '../contract/money.ts';
import { createLog } from '../observability/log.ts';
import { mount } from './routes.ts';
import { createServer } from './server.ts';

const Thing = Type.Object({
  thing_id: Id(),
  name: Type.String(),
  price: Amount(),
  note: Type.Union([Type.String(), Type.Null()]),
});

const FILES = { text: 'text/plain; charset=utf-8', drawing: 'image/svg+xml' } as const;

export const thingErrors = errors('THING', {
  NOT_FOUND: ['not_found', 'thing not found'],
  SHORT: ['conflict', ({ left }: { left: number }) => `only ${left} left`],
});

/** A small service with one operation of each kind that the HTTP layer distinguishes. */
export const thingContract = contract({
  name: 'thing',
  summary: 'Things.',
  port: 3998,
  topic: 'things',
  ops: {
    list: op('GET /things', {
      access: 'public',
      summary: 'All things',
      input: Type.Object({ cheaper_than: Type.Optional(Money()), ...paging }),
      output: PageOf(Thing),
    }),
    get: op('GET /things/{thing_id}', {
      access: 'public',
      summary: 'One thing',
      input: Type.Object({ thing_id: Id() }),
      output: Thing,
    }),
    named: op('GET /things/{name}', {
      access: 'customer',
      summary: 'One thing by its name',
      aliases: ['/by-name/{name}'],
      input: Type.Object({ name: Type.String({ minLength: 1, maxLength: 100 }) }),
      output: Thing,
    }),
    make: op('POST /things', {
      access: 'customer',
      summary: 'Makes a thing, once for each name',
      status: 201,
      idempotent: true,
      input: Type.Object({
        name: Type.String({ minLength: 1 }),
        price: Money(),
        password: Type.Optional(Type.String({ writeOnly: true })),
      }),
      output: Thing,
    }),
    touch: op('POST /things/{thing_id}/touch', {
      access: 'public',
      summary: 'Does next to nothing',
      input: Type.Object({ thing_id: Id(), times: Type.Optional(Type.Integer({ minimum: 1 })) }),
      output: Thing,
    }),
    rename: op('PUT /things/{thing_id}', {
      access: 'public',
      changes: 'get',
      summary: 'Gives a thing another name',
      input: Type.Object({ thing_id: Id(), name: Type.String() }),
      output: Thing,
    }),
    remove: op('DELETE /things/{thing_id}', {
      access: 'staff',
      changes: 'get',
      summary: 'Removes a thing',
      status: 204,
      input: Type.Object({ thing_id: Id() }),
      output: Nothing(),
    }),
    label: op('GET /things/{thing_id}/label', {
      access: 'public',
      summary: 'The label of a thing',
      input: Type.Object({ thing_id: Id() }),
      output: Download(FILES.text),
    }),
    picture: op('GET /things/{thing_id}/picture', {
      access: 'public',
      summary: 'A thing as it looks, drawn or described',
      input: Type.Object({ thing_id: Id(), drawn: Type.Optional(Type.Boolean()) }),
      output: Download(FILES.drawing, FILES.text),
    }),
    fail: op('POST /failures', {
      access: 'public',
      summary: 'Fails in the way that is asked for',
      input: Type.Object({ how: OneOf('short', 'input', 'broken', 'text') }),
      output: Nothing(),
    }),
    count: op('POST /internal/things/count', {
      access: 'internal',
      summary: 'How many there are',
      input: Nothing(),
      output: Type.Object({ count: Type.Integer(), by: Type.String() }),
    }),
  },
  events: {},
  errors: thingErrors,
});

export type ThingApi = ApiOf<(typeof thingContract)['ops']>;

function aThing(thing_id: number, name = `thing ${thing_id}`, price = thing_id * 150) {
  return { thing_id, name, price: minor(price), note: thing_id % 2 ? 'odd' : null, secret: 'never sent' };
}

/** The guarded service, and every context that reached an action. Things 1 to 5 are there. */
export function thingService(): { api: ThingApi; seen: Ctx[] } {
  const seen: Ctx[] = [];
  const things = [1, 2, 3, 4, 5].map((id) => aThing(id));
  const found = (thing: ReturnType<typeof aThing> | undefined) => {
    if (!thing) throw thingErrors.NOT_FOUND();
    return thing;
  };
  const byId = (thing_id: number) => found(things.find((thing) => thing.thing_id === thing_id));
  const api = guard(
    thingContract,
    {
      async list(_ctx, { cheaper_than, limit = 50, cursor }) {
        const after = Number(cursor ?? 0);
        const all = things.filter((one) => one.thing_id > after && one.price < (cheaper_than ?? Number.MAX_VALUE));
        const items = all.slice(0, limit);
        return all.length > limit ? { items, next: String(items.at(-1)?.thing_id) } : { items };
      },
      get: async (_ctx, { thing_id }) => byId(thing_id),
      named: async (_ctx, { name }) => found(things.find((thing) => thing.name === name)),
      async make(ctx, { name, price }) {
        seen.push(ctx);
        const known = things.find((thing) => thing.name === name);
        return known ? { ...known, existing: true } : aThing(100, name, price);
      },
      async touch(ctx, { thing_id }) {
        seen.push(ctx);
        return byId(thing_id);
      },
      async rename(_ctx, { thing_id, name }) {
        if (name === 'contested') throw common.STALE();
        return Object.assign(byId(thing_id), { name });
      },
      async remove(_ctx, { thing_id }) {
        byId(thing_id);
        return {};
      },
      async label(_ctx, { thing_id }) {
        const content = Buffer.from(`Nr. ${thing_id}: ÄÖ€`).toString('base64');
        return { filename: `label-${byId(thing_id).thing_id}.txt`, type: FILES.text, content };
      },
      async picture(_ctx, { thing_id, drawn }) {
        const { name } = byId(thing_id);
        const fileOf = (text: string) => Buffer.from(text).toString('base64');
        return drawn
          ? { filename: `${name}.svg`, type: FILES.drawing, content: fileOf('<svg/>') }
          : { filename: `${name}.txt`, type: FILES.text, content: fileOf('round') };
      },
      async fail(_ctx, { how }) {
        if (how === 'short') throw thingErrors.SHORT({ left: 3 });
        if (how === 'input') throw invalid('name is odd', [{ pointer: '/name', detail: 'is odd' }]);
        if (how === 'text') throw 'a thrown text';
        throw new Error('select password from users');
      },
      count: async (ctx) => ({ count: things.length, by: ctx.via ?? 'nobody' }),
    },
    async () => undefined,
  );
  return { api, seen };
}

const SECRET = 'a secret that only tests know';
export const tokens = createTokens(SECRET);
export const seal = createSeal(SECRET);

/** The Authorization header of a user of this role. */
export async function tokenOf(role: 'customer' | 'staff'): Promise<Record<string, string>> {
  return { authorization: `Bearer ${await tokens.sign({ id: 7, username: 'alice', role }, 60, 's')}` };
}

export interface ThingServer {
  readonly app: FastifyInstance;
  readonly url: string;
  /** What was logged, as objects. */
  readonly log: Record<string, unknown>[];
}

/** A server of things on a free port; with `sealed` it also serves calls between processes. */
export async function serveThings(api: ThingApi, sealed?: CtxSeal): Promise<ThingServer> {
  const lines: Record<string, unknown>[] = [];
  const log = createLog(
    { LOG_LEVEL: 'info', NODE_ENV: 'test' },
    { write: (line: string) => void lines.push(JSON.parse(line)) },
  );
  const app = createServer(log);
  mount(app, thingContract, api, { log, tokens, seal: sealed });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return { app, url, log: lines };
}

/** Ends servers and waits until their ports are free. */
export async function endServers(...servers: readonly (ThingServer | undefined)[]): Promise<void> {
  for (const one of servers) {
    if (!one?.app.server.listening) continue;
    const closed = once(one.app.server, 'close');
    await one.app.close();
    await closed;
  }
}
