import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { objectShapeOf } from '../../src/platform/contract/schema/shape.ts';
import { openDatabase } from '../../src/platform/db/postgres/postgres.ts';
import { openapi } from '../../src/platform/http/openapi/openapi.ts';
import { type TestDatabase, testDatabase } from '../../src/testing/databases.ts';
import { engine } from '../../src/testing/engines.ts';
import { settle } from '../../src/testing/settle.ts';
import { contracts, startSystem } from '../../src/testing/system.ts';
import { type Answers, liveThrough } from './documented-answers.fixture.ts';

// The answers that the document shows are those of a running shop. `node --test --test-update-snapshots` with this file
// writes them anew.

const PROBLEMS = fileURLToPath(new URL('../../src/platform/http/openapi/problems.json', import.meta.url));

/** Operations whose answers need somebody outside, or something that went wrong. */
const WITHOUT = ['payment.stripeWebhook', 'webhook.sendTest', 'webhook.listDeliveries', 'webhook.resend'];

interface Response {
  readonly content?: Record<string, { readonly schema: object; readonly example?: unknown }>;
}

interface Document {
  readonly paths: Record<string, Record<string, { readonly responses: Record<string, Response> }>>;
  readonly components: { readonly responses: Record<string, Response> };
}

let database: TestDatabase;
let answers: Answers;
before(async () => {
  database = await testDatabase(engine);
  // Without a secret of its own it signs with a key, which is then in the key set.
  const system = await startSystem(database.url, { JWT_SECRET: '' });
  try {
    answers = await liveThrough(system.urls.gateway ?? '', caughtUp);
  } finally {
    await system.close();
  }
});
after(() => database.drop());

/** Resolves when no outbox has an event left and analytics has read the log of the bus to its end. */
async function caughtUp(): Promise<void> {
  const db = openDatabase(database.url, { poolSize: 1 });
  const schemas = contracts
    .filter(({ events }) => Object.keys(events).length > 0)
    .map(({ name }) => `tradepost_${name}`);
  const waiting = schemas.map((schema) => `(select count(*) from ${schema}.outbox)`).join(' + ');
  const unread = `select count(*) from tradepost_bus.log
    where position > (select coalesce(max(position), 0) from tradepost_bus.reader where name like '%analytics')`;
  try {
    await settle(async () => {
      const [row] = await db.query<{ left: number }>({ name: '', text: `select ${waiting} + (${unread}) as left` });
      assert.equal(row?.left, 0);
    });
  } finally {
    await db.close();
  }
}

test('the document shows what a running shop answers', (t) => {
  for (const { name, answers: file } of contracts) {
    if (file) t.assert.fileSnapshot(answers.services[name], fileURLToPath(file));
    else assert.equal(answers.services[name], undefined, name);
  }
  t.assert.fileSnapshot(answers.problems, PROBLEMS);
});

test('every operation that answers JSON shows an answer', () => {
  // A service that has just been made names no file yet.
  for (const { name: service, ops } of contracts.filter((one) => one.answers)) {
    for (const [name, op] of Object.entries(ops)) {
      const hasJson = op.status !== 204 && !op.stream && !objectShapeOf(op.output).download;
      if (!hasJson || op.access === 'internal' || op.heading || WITHOUT.includes(op.id)) continue;
      const shown = Object.keys(answers.services[service]?.[name] ?? {});
      assert.deepEqual(shown.sort(), [...(op.existing ? ['200'] : []), String(op.status ?? 200)], op.id);
    }
  }
});

test('every answer that is shown is what the schema beside it says', () => {
  const document = openapi(contracts, 'Tradepost', '1') as Document;
  const ajv = new Ajv2020({ strict: false, validateFormats: false }).addSchema(document, 'document');
  const places = [
    ...Object.entries(document.components.responses).map(
      ([name, one]) => [`components/responses/${name}`, one] as const,
    ),
    ...Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { responses }]) =>
        Object.entries(responses).map(
          ([status, one]) => [`paths/${path.replaceAll('/', '~1')}/${method}/responses/${status}`, one] as const,
        ),
      ),
    ),
  ];
  let shown = 0;
  for (const [place, { content = {} }] of places) {
    for (const [type, { example }] of Object.entries(content)) {
      if (example === undefined) continue;
      shown++;
      const $ref = encodeURI(`document#/${place}/content/${type.replaceAll('/', '~1')}/schema`);
      const validate = ajv.compile({ $ref });
      assert.ok(validate(example), `${place}: ${JSON.stringify(validate.errors)}`);
    }
  }
  assert.ok(shown > 60, `${shown}`);
});
