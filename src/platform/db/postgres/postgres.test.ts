import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { type TestDatabase, testDatabase } from '../../../testing/databases.ts';
import { eachEngine } from '../../../testing/engines.ts';
import { freePort } from '../../../testing/ports.ts';
import { AppError } from '../../contract/errors.ts';
import { startPostgres } from './embedded/embedded.ts';
import { type Database, openDatabase, rowFaultInPostgres, type Sql, violatedConstraint } from './postgres.ts';

const statement = (text: string) => ({ name: '', text });
const unavailable = { code: 'TRADEPOST_UNAVAILABLE', status: 503 };

eachEngine('PostgreSQL', (engine) => {
  let database: TestDatabase;
  let db: Database;
  before(async () => {
    database = await testDatabase(engine, { empty: true });
    db = openDatabase(database.url);
    await db.script(`create table notes (id bigint constraint note_once primary key, note text not null,
      amount bigint constraint amount_not_negative check (amount >= 0), made_at timestamptz default now())`);
  });
  beforeEach(() => db.script('truncate notes'));
  after(async () => {
    await db.close();
    await database.drop();
  });

  const insert = (sql: Sql, id: number, note = 'a note') =>
    sql.query(statement('insert into notes (id, note) values ($1, $2)'), [id, note]);
  const kept = async () =>
    (await db.query<{ id: number }>(statement('select id from notes order by id'))).map(({ id }) => id);
  const failure = async (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => assert.fail('it did not fail'),
      (error: unknown) => error,
    );

  test('rows are plain values: whole numbers, times as text in UTC with milliseconds', async () => {
    const text = `select 9007199254740991::bigint as id, 9007199254740993::bigint as sum, 7 as count, null as nothing, '{"a": [1]}'::json as json,
      '2026-07-28 11:30:00.12+02'::timestamptz as at, '2026-07-28 09:30:00.123456+00'::timestamptz as fine, true as yes`;
    assert.deepEqual(await db.query(statement(text)), [
      {
        id: Number.MAX_SAFE_INTEGER,
        sum: 9_007_199_254_740_993n,
        count: 7,
        nothing: null,
        json: { a: [1] },
        at: '2026-07-28T09:30:00.120Z',
        fine: '2026-07-28T09:30:00.123Z',
        yes: true,
      },
    ]);
  });

  test('what a transaction did is there together at its end', async () => {
    const answer = await db.transaction(async (sql) => {
      await insert(sql, 1);
      assert.deepEqual(await kept(), []);
      await insert(sql, 2);
      return 'done';
    });
    assert.deepEqual([answer, await kept()], ['done', [1, 2]]);
  });

  test('a transaction that fails leaves nothing, whether the work or a statement failed', async () => {
    const failing = db.transaction(async (sql) => {
      await insert(sql, 1);
      throw new Error('second thoughts');
    });
    await assert.rejects(failing, /second thoughts/);
    const twice = db.transaction(async (sql) => {
      await insert(sql, 1);
      await insert(sql, 1);
    });
    assert.equal(violatedConstraint(await failure(twice)), 'note_once');
    assert.deepEqual(await kept(), []);
  });

  test('a transaction in which a failed statement was passed over does not say that it is done', async () => {
    const work = db.transaction(async (sql) => {
      await insert(sql, 1);
      await insert(sql, 1).catch(() => undefined);
    });
    await failure(work);
    assert.deepEqual(await kept(), []);
  });

  test('a transaction used after its end throws, and writes nothing', async () => {
    const leaked = await db.transaction(async (sql) => sql);
    await assert.rejects(insert(leaked, 1), /used after its end/);
    await assert.rejects(leaked.script('truncate notes'), /used after its end/);
    assert.deepEqual(await kept(), []);
  });

  test('after a failed transaction its connection is as good as new', async () => {
    const one = openDatabase(database.url, { poolSize: 1 });
    for (let i = 0; i < 3; i++) await failure(one.transaction((sql) => insert(sql, 1, null as never)));
    await one.transaction((sql) => insert(sql, 1));
    await one.close();
    assert.deepEqual(await kept(), [1]);
  });

  test('text that PostgreSQL cannot keep is invalid input, alone and in a document', async () => {
    const texts = [insert(db, 1, 'nul\u0000'), db.query(statement('select $1::jsonb'), ['{"a": "\\u0000"}'])];
    for (const error of await Promise.all(texts.map(failure))) {
      assert.ok(error instanceof AppError, String(error));
      assert.deepEqual([error.kind, rowFaultInPostgres(error)], ['invalid', true]);
      assert.match(error.message, /U\+0000/);
    }
  });

  test('half a character in a document is invalid input too', async () => {
    const read = statement('select a from json_to_recordset($1::json) as r(a text)');
    for (const half of ['\ud800', '\udc00 end', 'x\ud83d']) {
      await assert.rejects(db.query(read, [JSON.stringify([{ a: half }])]), { kind: 'invalid' }, JSON.stringify(half));
    }
  });

  test('a violated constraint tells its name, and is the fault of one row', async () => {
    await insert(db, 1);
    const twice = await failure(insert(db, 1));
    const negative = await failure(db.query(statement(`insert into notes values (2, '', -1)`)));
    assert.deepEqual([twice, negative].map(violatedConstraint), ['note_once', 'amount_not_negative']);
    assert.deepEqual([twice, negative].map(rowFaultInPostgres), [true, true]);
    const wrong = await failure(db.query(statement('select from nowhere')));
    assert.deepEqual([violatedConstraint(wrong), rowFaultInPostgres(wrong)], [undefined, false]);
    assert.equal(rowFaultInPostgres(new Error('connection lost')), false);
  });

  test('a connection that the server ends fails its own call only; the next has another', async () => {
    const pid = `select pg_backend_pid() as pid`;
    const ended = db.transaction(async (sql) => {
      const [own] = await sql.query<{ pid: number }>(statement(pid));
      await db.query(statement('select pg_terminate_backend($1)'), [own?.pid]);
      await sql.query(statement('select 1'));
    });
    await assert.rejects(ended, unavailable);
    await db.ping();
  });

  test('where nobody listens the database is unavailable', async () => {
    const nowhere = openDatabase(`postgresql://me@127.0.0.1:${await freePort()}/db`);
    for (const work of [nowhere.ping(), nowhere.query(statement('select 1')), nowhere.transaction(async () => {})]) {
      await assert.rejects(work, unavailable);
    }
    await nowhere.close();
  });

  test('closing a pool waits for what is on its way, and lets nothing new in', async () => {
    const closing = openDatabase(database.url);
    const answer = closing.query(statement('select 1 as one from pg_sleep(0.05)'));
    await Promise.all([answer, closing.close()]);
    assert.deepEqual(await answer, [{ one: 1 }]);
    await assert.rejects(closing.ping());
  });
});

test('a server that is stopped is unavailable, also to connections that were open, and nothing else breaks', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'tradepost-test-'));
  const server = await startPostgres({ dataDir, port: await freePort(), password: 'only-for-tests' });
  const lost: Error[] = [];
  const db = openDatabase(server.url, { onError: (error) => lost.push(error) });
  await db.ping();
  const waiting = db.query(statement('select pg_sleep(30)'));
  const refused = assert.rejects(waiting, unavailable);
  await server.stop();
  await refused;
  await assert.rejects(db.ping(), unavailable);
  await assert.rejects(
    db.transaction(async () => {}),
    unavailable,
  );
  await db.close();
  rmSync(dataDir, { recursive: true, force: true });
});
