import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { eachEngine } from '../../testing/engines.ts';
import { settle } from '../../testing/settle.ts';
import { common } from '../contract/errors.ts';
import { type Consumer, type Envelope, on } from '../contract/events.ts';
import { deadLettersIn } from '../db/postgres/store/dead-letters.ts';
import {
  at,
  change,
  type KeptToys,
  keptToys,
  make,
  plain,
  type ToyState,
  toyContract,
} from '../db/postgres/store/save.fixture.ts';
import { registry } from '../observability/metrics.ts';
import { log, toyProcess } from './event-path.fixture.ts';
import { event } from './fixtures/bus.fixture.ts';
import { createSubscriber } from './subscriber.ts';

const { made, changed } = toyContract.events as Record<string, (typeof toyContract.events)[string]>;
type EventOf = NonNullable<typeof made>;

eachEngine('the way of an event', (engine) => {
  let toys: KeptToys;
  let open: { close(): Promise<void> }[] = [];
  before(async () => {
    toys = await keptToys(engine);
  });
  beforeEach(async () => {
    await toys.clear();
    await toys.db.script('truncate tradepost_toy.dead_letter');
    await toys.db.script(`do $$ begin if to_regclass('tradepost_bus.log') is not null then
      truncate tradepost_bus.log, tradepost_bus.reader; end if; end $$`);
  });
  afterEach(async () => {
    await Promise.all(open.map((one) => one.close()));
    open = [];
  });
  after(() => toys.close());

  async function started(...consumers: Consumer<undefined>[]) {
    const one = await toyProcess(toys.db.url, consumers);
    open.push(one);
    return one;
  }

  /** A consumer that writes down what it hears; `trouble` may stand in its way. */
  function hearing(event: EventOf = made as EventOf, trouble?: (subject: string) => void) {
    const heard: Envelope[] = [];
    const consumer = on(event, 'hear', async (_toys, _ctx, _data, envelope) => {
      trouble?.(envelope.subject);
      heard.push(envelope);
    });
    return { heard, consumer, subjects: () => heard.map(({ subject }) => subject) };
  }
  const waiting = async () => (await toys.rows('select count(*) as n from tradepost_toy.outbox'))[0]?.n;

  test('what is saved is heard: who, when, why and what, and then the outbox is empty', async () => {
    const { heard, consumer } = hearing();
    const { save } = await started(consumer);
    const ctx = at({ actor: { kind: 'user', id: 2, username: 'alice', role: 'customer' } });
    await save(ctx, make(1));
    await settle(() => assert.equal(heard.length, 1));
    const { id, data, ...rest } = heard[0] as Envelope;
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    assert.deepEqual(JSON.parse(data), { toy_id: 1, name: 'toy 1', price: 12.5, number: null });
    assert.deepEqual(
      { ...rest, position: undefined },
      {
        source: 'toy',
        type: 'toy.made',
        subject: '1',
        time: ctx.now,
        trace: ctx.trace,
        correlation: ctx.requestId,
        causation: undefined,
        actor: 'user/2/alice',
        about: undefined,
        position: undefined,
      },
    );
    await settle(async () => assert.equal(await waiting(), 0));
  });

  test('what a consumer brings about names its cause, goes on with the trace, and happens once', async () => {
    const later = hearing(changed as EventOf);
    const process = await started(
      on(made as EventOf, 'raise', async (_toys, ctx, data) => {
        const toy = data as { toy_id: number };
        const [row] = await process.db.query<{ version: number }>(
          { name: '', text: 'select version from tradepost_toy.toys where toy_id = $1' },
          [toy.toy_id],
        );
        const state = { ...make(toy.toy_id).next, version: row?.version ?? 0 };
        await process.save(ctx, change(state, { stock: 7 }));
      }),
      later.consumer,
    );
    const ctx = at();
    await process.save(ctx, make(1));
    await settle(() => assert.equal(later.heard.length, 1));
    const [first] = await toys.rows(`select id from tradepost_bus.log where type = 'toy.made'`);
    const event = later.heard[0] as Envelope;
    assert.deepEqual([event.causation, event.correlation, event.actor], [first?.id, ctx.requestId, 'system']);
    assert.equal(event.trace.slice(0, 36), ctx.trace.slice(0, 36));
    // The same event once more, as after a crash: its mark is there, and nothing happens.
    const [letter] = await toys.rows(`select id from tradepost_bus.log where type = 'toy.made'`);
    const data = JSON.stringify({ toy_id: 1, name: 'toy 1', price: 12.5, number: null });
    await process.again('toy.raise', { ...event, id: String(letter?.id), type: 'toy.made', data });
    assert.deepEqual(await toys.rows('select version from tradepost_toy.toys'), [{ version: 2 }]);
  });

  test('a save that is refused announces nothing', async () => {
    const { heard, consumer } = hearing();
    const { save } = await started(consumer);
    await save(at(), make(1));
    await assert.rejects(save(at(), make(2, { name: 'toy 1' })));
    await save(at(), make(3));
    await settle(() => assert.equal(heard.length, 2));
    assert.deepEqual((await toys.rows('select subject from tradepost_bus.log order by position')).length, 2);
  });

  test('the changes of one toy are heard in their order, however many toys change at once', async () => {
    const { heard, consumer } = hearing(changed as EventOf);
    const { save } = await started(consumer);
    await Promise.all(
      Array.from({ length: 40 }, async (_, n) => {
        let toy = await save(at(), make(n + 1));
        for (let step = 0; step < 10; step++) toy = await save(at(), change(toy, { name: `toy ${n} step ${step}` }));
      }),
    );
    await settle(() => assert.equal(heard.length, 400));
    for (const [subject, events] of Map.groupBy(heard, ({ subject }) => subject)) {
      const steps = events.map(({ data }) => Number(/step (\d+)/.exec(data)?.[1]));
      assert.deepEqual(steps, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], subject);
    }
  });

  test('what a crash left in the outbox is found at the next start', async () => {
    await toys.store.saver<ToyState>(plain)(at(), make(1));
    assert.equal(await waiting(), 1);
    const { heard, consumer } = hearing();
    await started(consumer);
    await settle(() => assert.equal(heard.length, 1));
  });

  test('of two processes one relays and one reads; when it ends the other goes on', async () => {
    const [one, other] = [hearing(), hearing()];
    const first = await started(one.consumer);
    const second = await started(other.consumer);
    await second.save(at(), make(1));
    await settle(() => assert.deepEqual([...one.subjects(), ...other.subjects()], ['1']));
    open = open.filter((process) => process !== first);
    await first.close();
    await second.save(at(), make(2));
    await settle(() => assert.deepEqual([...one.subjects(), ...other.subjects()].sort(), ['1', '2']));
  });

  test('a process whose connections are cut goes on by itself', async () => {
    const { heard, consumer } = hearing();
    const { save } = await started(consumer);
    await save(at(), make(1));
    await settle(() => assert.equal(heard.length, 1));
    await toys.rows(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name = 'tradepost session'`,
    );
    await save(at(), make(2));
    await settle(() => assert.deepEqual(new Set(heard.map(({ subject }) => subject)), new Set(['1', '2'])));
  });

  test('what fails is tried again, and nobody else waits for it', async () => {
    let failures = 2;
    const { consumer, subjects } = hearing(made as EventOf, (subject) => {
      if (subject === '1' && failures-- > 0) throw new Error('not yet');
    });
    const { save } = await started(consumer);
    for (let n = 1; n <= 5; n++) await save(at(), make(n));
    await settle(() => assert.deepEqual(subjects().sort(), ['1', '2', '3', '4', '5']));
  });

  test('a poison message stops nobody; it is seen, replayed after the fix, and then gone', async () => {
    let broken = true;
    const { consumer, subjects } = hearing(made as EventOf, (subject) => {
      if (subject === '2' && broken) throw new Error('this toy is broken');
    });
    const { save, letters, again } = await started(consumer);
    for (let n = 1; n <= 3; n++) await save(at(), make(n));
    const letter = await settle(async () => {
      const { items } = await letters.list(10, undefined);
      assert.equal(items.length, 1);
      return items[0];
    });
    // The letter of the second may be there before the third is heard.
    await settle(() => assert.deepEqual(subjects().sort(), ['1', '3']));
    assert.match(await registry.metrics(), /tradepost_dead_letters_waiting\{service="toy"\} 1\n/);
    assert.deepEqual(
      [letter?.consumer, letter?.envelope.subject, letter?.error, letter?.attempts],
      ['toy.hear', '2', 'this toy is broken', 3],
    );
    if (!letter) return;
    await assert.rejects(again(letter.consumer, letter.envelope), /broken/);
    broken = false;
    await again(letter.consumer, letter.envelope);
    assert.deepEqual(subjects().sort(), ['1', '2', '3']);
    assert.deepEqual([await letters.remove(letter.id), await letters.remove(letter.id)], [true, false]);
  });

  test('what may go wrong is counted from zero on', async () => {
    await started(on(made as EventOf, 'first_of_its_name', async () => undefined));
    const metrics = await registry.metrics();
    for (const line of [
      'tradepost_dead_letters_waiting{service="toy"} 0',
      'tradepost_dead_letters_total{consumer="toy.first_of_its_name"} 0',
      'tradepost_dead_letters_total{consumer="toy.unreadable"} 0',
      'tradepost_dead_letter_failures_total{consumer="toy.first_of_its_name"} 0',
      'tradepost_events_lost_total{service="toy",topic="toys"} 0',
    ]) {
      assert.ok(metrics.includes(`${line}\n`), line);
    }
  });

  test('what is nobody’s fault is waited for, and is no failed attempt', async () => {
    let away = 10;
    const { consumer, subjects } = hearing(made as EventOf, () => {
      if (away-- > 0) throw common.UNAVAILABLE();
    });
    const { save, letters } = await started(consumer);
    await save(at(), make(1));
    await settle(() => assert.deepEqual(subjects(), ['1']));
    assert.deepEqual((await letters.list(10, undefined)).items, []);
  });

  test('a statement that always takes too long ends in the dead letters, and holds up its own subject alone', async () => {
    let tries = 0;
    const { db, ...process } = await started(
      on(made as EventOf, 'hear', async (_toys, _ctx, _data, { subject }) => {
        if (subject !== '1') return;
        tries++;
        await db.transaction(async (sql) => {
          await sql.script(`set local statement_timeout = '1ms'`);
          await sql.script('select pg_sleep(60)');
        });
      }),
    );
    await process.save(at(), make(1));
    await process.save(at(), make(2));
    const letter = await settle(async () => {
      const [first] = (await process.letters.list(10, undefined)).items;
      return first ?? assert.fail('no letter yet');
    });
    assert.deepEqual([letter.consumer, letter.envelope.subject, letter.attempts, tries], ['toy.hear', '1', 3, 6]);
    assert.match(letter.error, /took too long .*statement timeout/);
    await settle(async () => assert.equal(await waiting(), 0));
  });

  test('a statement that is too slow while nothing else is answered either is waited for', async () => {
    let slow = 20;
    const { consumer, subjects } = hearing(made as EventOf, () => {
      if (slow-- > 0) throw common.TOO_SLOW();
    });
    const letters = { ...deadLettersIn(toys.db, 'toy'), holds: () => Promise.reject(common.UNAVAILABLE()) };
    const parts = { service: 'toy', consumers: [consumer], api: undefined, contracts: [toyContract], log };
    const { subscription } = createSubscriber({ ...parts, deadLetters: letters, attempts: 3, firstPauseMs: 0 });
    const data = JSON.stringify({ toy_id: 1, name: 'toy 1', price: 12.5, number: null });
    await subscription.handle(event('1', 1, { source: 'toy', type: 'toy.made', data }));
    assert.deepEqual([subjects(), (await letters.list(10, undefined)).items], [['1'], []]);
  });

  test('who listens for the first time hears everything from the beginning', async () => {
    const first = await started(hearing(changed as EventOf).consumer);
    for (let n = 1; n <= 3; n++) await first.save(at(), make(n));
    await settle(async () => assert.equal(await waiting(), 0));
    open = [];
    await first.close();
    await toys.db.script('delete from tradepost_bus.reader');
    const { consumer, subjects } = hearing();
    await started(consumer);
    await settle(() => assert.deepEqual(subjects(), ['1', '2', '3']));
  });
});
