import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { eachEngine } from '../../../testing/engines.ts';
import { settle } from '../../../testing/settle.ts';
import { type Consumer, type Envelope, on } from '../../contract/events.ts';
import { MOST_EVENT_BYTES } from '../../db/announcements.ts';
import { migrate } from '../../db/postgres/migrate.ts';
import { at, change, type KeptToys, keptToys, make, toyContract } from '../../db/postgres/store/save.fixture.ts';
import { createLog } from '../../observability/log.ts';
import { registry } from '../../observability/metrics.ts';
import type { Bus } from '../bus.ts';
import { toyProcess } from '../event-path.fixture.ts';
import { busMigrations } from '../open-bus.ts';
import type { Refusal } from './refusal.ts';

const { made, changed } = toyContract.events as Record<'made' | 'changed', (typeof toyContract.events)[string]>;

eachEngine('what the bus refuses', (engine) => {
  let toys: KeptToys;
  let open: { close(): Promise<void> }[] = [];
  before(async () => {
    toys = await keptToys(engine);
  });
  beforeEach(async () => {
    await toys.clear();
    await toys.db.script('truncate tradepost_toy.dead_letter');
    await migrate(toys.db, [busMigrations()]);
    await toys.db.script('truncate tradepost_bus.log, tradepost_bus.reader');
    for (const name of ['not_seven', 'not_made']) {
      await toys.db.script(`alter table tradepost_bus.log drop constraint if exists ${name}`);
    }
  });
  afterEach(async () => {
    await Promise.all(open.map((one) => one.close()));
    open = [];
  });
  after(() => toys.close());

  /** A process that writes down what it hears, with a bus that may be made difficult, and the lines of its log. */
  async function started(aroundBus?: (bus: Bus) => Bus) {
    const heard: Envelope[] = [];
    const hear = async (_toys: unknown, _ctx: unknown, _data: unknown, envelope: Envelope) => {
      heard.push(envelope);
    };
    const consumers: Consumer<unknown>[] = [on(made, 'hear', hear), on(changed, 'hear_change', hear)];
    const lines: Record<string, unknown>[] = [];
    const stream = new Writable({
      write(chunk, _encoding, done) {
        lines.push(JSON.parse(String(chunk)));
        done();
      },
    });
    const log = createLog({ LOG_LEVEL: 'warn', NODE_ENV: 'test' }, stream);
    const one = await toyProcess(toys.db.url, consumers, { log, ...(aroundBus && { aroundBus }) });
    open.push(one);
    return { ...one, heard, lines, subjects: () => heard.map(({ subject }) => subject) };
  }

  const waiting = async () =>
    (await toys.rows('select subject from tradepost_toy.outbox')).map(({ subject }) => subject);
  /** How often each subject was published, and in which order of names. */
  const published = async () =>
    toys.rows(`select subject, data->>'name' as name from tradepost_bus.log order by position`);

  test('an event that the log refuses is put aside, and all others are published once', async () => {
    const { save, lines, letters, path, subjects } = await started();
    await toys.db.script(`alter table tradepost_bus.log add constraint not_seven check (subject <> '7')`);
    await Promise.all(Array.from({ length: 20 }, (_, n) => save(at(), make(n + 1))));
    const letter = await settle(async () => {
      const { items } = await letters.list(10, undefined);
      assert.equal(items.length, 1);
      return items[0];
    });
    await settle(async () => assert.deepEqual(await waiting(), []));
    await settle(() => assert.equal(subjects().length, 19));
    assert.equal((await published()).length, 19);
    assert.deepEqual([letter?.consumer, letter?.envelope.subject], ['toy.publish', '7']);
    assert.match(letter?.error ?? '', /not_seven/);
    const line = lines.find(({ msg }) => /for good/.test(String(msg)));
    const { reason: _, time: _time, ...facts } = line ?? {};
    assert.deepEqual(facts, {
      level: 'error',
      bus: 'embedded',
      topic: 'toys',
      event: letter?.envelope.id,
      type: 'toy.made',
      subject: '7',
      size: Buffer.byteLength(letter?.envelope.data ?? ''),
      msg: 'the bus refuses an event for good; it lies with the dead letters',
    });
    if (!letter) return;
    await assert.rejects(path.publishAgain(letter.envelope), /not_seven/);
    await toys.db.script('alter table tradepost_bus.log drop constraint not_seven');
    await path.publishAgain(letter.envelope);
    await settle(() => assert.ok(subjects().includes('7')));
  });

  test('later events of a subject go on when one of them was put aside', async () => {
    const { save, letters, heard } = await started();
    await toys.db.script(`alter table tradepost_bus.log add constraint not_made check (type <> 'toy.made')`);
    let toy = await save(at(), make(1));
    for (const name of ['one', 'two', 'three']) toy = await save(at(), change(toy, { name }));
    await settle(() =>
      assert.deepEqual(
        heard.map(({ data }) => JSON.parse(data).name),
        ['one', 'two', 'three'],
      ),
    );
    await settle(async () => assert.equal((await letters.list(10, undefined)).items.length, 1));
  });

  /** A bus that takes nothing of some subjects as long as it is told so. */
  function refusing(refuses: (event: Envelope) => boolean, tried: string[] = []) {
    return (bus: Bus): Bus => ({
      ...bus,
      async publish(events) {
        const refused: Refusal[] = [];
        for (const event of events) {
          tried.push(event.id);
          if (refuses(event)) {
            refused.push({ event, reason: 'NACK', forGood: false, holds: 'subject', sentence: 'a queue is full' });
          }
        }
        const gone = new Set(refused.map(({ event }) => event));
        await bus.publish(events.filter((event) => !gone.has(event)));
        return refused;
      },
    });
  }

  test('a subject that is refused for a while holds up no other, keeps its order, and nothing is repeated', async () => {
    let full = true;
    const tried: string[] = [];
    const { save, lines, path } = await started(refusing(({ subject }) => full && subject === '3', tried));
    const states = await Promise.all(Array.from({ length: 10 }, (_, n) => save(at(), make(n + 1))));
    await Promise.all(
      states.map(async (state) => {
        let toy = state;
        for (const step of ['a', 'b']) toy = await save(at(), change(toy, { name: `${toy.toy_id} ${step}` }));
      }),
    );
    await settle(async () => assert.equal((await published()).length, 27));
    await settle(async () => assert.deepEqual(await waiting(), ['3', '3', '3']));
    await settle(() => assert.ok(new Set(tried).size < tried.length - 2, 'the refused one was tried again'));
    await assert.rejects(path.look(), /a queue is full/);
    full = false;
    await settle(async () => assert.deepEqual(await waiting(), []));
    const all = await published();
    assert.equal(all.length, 30, 'each event is in the log once');
    assert.deepEqual(
      all.filter(({ subject }) => subject === '3').map(({ name }) => name),
      ['toy 3', '3 a', '3 b'],
    );
    assert.equal(lines.filter(({ msg }) => /its subject waits/.test(String(msg))).length, 1);
    await settle(() => path.look());
  });

  test('a bus that takes a part and then nothing is not given that part again', async () => {
    let away = true;
    const around = (bus: Bus): Bus => ({
      ...bus,
      async publish(events) {
        if (!away) return bus.publish(events);
        const [first, ...rest] = events;
        if (first) await bus.publish([first]);
        const about = { reason: 'it went away', forGood: false, holds: 'bus', sentence: 'the bus is away' } as const;
        return rest.map((event) => ({ event, ...about }));
      },
    });
    const { save, lines, path } = await started(around);
    await Promise.all(Array.from({ length: 5 }, (_, n) => save(at(), make(n + 1))));
    await settle(() => assert.ok(lines.some(({ reason }) => reason === 'it went away')));
    await assert.rejects(path.look(), /the bus is away/);
    await settle(async () => assert.ok((await published()).length >= 2));
    away = false;
    await settle(async () => assert.deepEqual(await waiting(), []));
    assert.equal((await published()).length, 5);
    await settle(() => path.look());
  });

  test('what waits and how long is in the metrics, from zero on', async () => {
    let full = true;
    const { save } = await started(refusing(() => full));
    const figure = async (name: string): Promise<number> => {
      const line = (await registry.metrics()).split('\n').find((one) => one.startsWith(`${name}{service="toy"`));
      return Number(line?.split(' ').at(-1));
    };
    assert.deepEqual(
      [await figure('tradepost_outbox_events'), await figure('tradepost_outbox_oldest_seconds')],
      [0, 0],
    );
    assert.ok((await figure('tradepost_events_put_aside_total')) >= 0);
    await save(at(), make(1));
    assert.equal(await figure('tradepost_outbox_events'), 1);
    assert.ok((await figure('tradepost_outbox_oldest_seconds')) > 0);
    full = false;
    await settle(async () => assert.equal(await figure('tradepost_outbox_events'), 0));
  });

  test('an event that waits too long is seen, also by a process that does not publish', async () => {
    const gate = Promise.withResolvers<void>();
    // The one that publishes stands still; the other one stands by.
    await started((bus) => ({
      ...bus,
      async publish(events) {
        await gate.promise;
        return bus.publish(events);
      },
    }));
    const second = await started();
    await second.path.look();
    await second.save(at({ now: '2020-01-01T00:00:00.000Z' }), make(1));
    await assert
      .rejects(second.path.look(), { name: 'Degraded', message: /oldest event of toy has waited for \d+ s/ })
      .finally(gate.resolve);
    await settle(() => second.path.look());
  });

  test('a save whose event no bus would take is refused with its size, and nothing is written', async () => {
    const { save } = await started();
    // A character that JSON writes with six bytes.
    const name = '\u0001'.repeat(MOST_EVENT_BYTES / 6);
    await assert.rejects(save(at(), make(1, { name })), { code: 'TRADEPOST_EVENT_TOO_LARGE', status: 413 });
    assert.deepEqual(await toys.rows('select toy_id from tradepost_toy.toys'), []);
    // As many characters that take one byte each are no fault.
    await save(at(), make(2, { name: 'x'.repeat(MOST_EVENT_BYTES / 6) }));
    await settle(async () => assert.equal((await published()).length, 1));
  });
});
