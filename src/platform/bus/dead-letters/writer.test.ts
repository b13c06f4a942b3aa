import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { eachEngine } from '../../../testing/engines.ts';
import { settle } from '../../../testing/settle.ts';
import { on } from '../../contract/events.ts';
import { deadLettersIn } from '../../db/postgres/store/dead-letters.ts';
import { type KeptToys, keptToys, toyContract } from '../../db/postgres/store/save.fixture.ts';
import { Degraded } from '../../observability/health.ts';
import { createLog } from '../../observability/log.ts';
import { registry } from '../../observability/metrics.ts';
import { toyProcess } from '../event-path.fixture.ts';
import { event } from '../fixtures/bus.fixture.ts';
import { createSubscriber } from '../subscriber.ts';
import { deadLetterWriter } from './writer.ts';

const { made } = toyContract.events;
if (!made) throw new Error('toys are made');
const TOY = JSON.stringify({ toy_id: 1, name: 'toy', price: 12.5, number: null });

eachEngine('what is put aside', (engine) => {
  let toys: KeptToys;
  before(async () => {
    toys = await keptToys(engine);
  });
  beforeEach(() => toys.db.script('truncate tradepost_toy.dead_letter'));
  after(() => toys.close());

  /** A service that listens, with what it says in its log. */
  function service(handle: () => Promise<void> = async () => undefined) {
    const lines: { level: string; msg: string; [name: string]: unknown }[] = [];
    const stream = { write: (line: string) => void lines.push(JSON.parse(line)) };
    const log = createLog({ LOG_LEVEL: 'info', NODE_ENV: 'test' }, stream);
    const letters = deadLettersIn(toys.db, 'toy');
    const consumers = [on(made as NonNullable<typeof made>, 'hear', handle)];
    const parts = { service: 'toy', consumers, api: undefined, contracts: [toyContract], deadLetters: letters, log };
    const listener = createSubscriber({ ...parts, attempts: 3, firstPauseMs: 1 });
    return { ...listener, letters, errors: () => lines.filter(({ level }) => level === 'error') };
  }
  const toy = (data: string) => event('1', 1, { source: 'toy', type: 'toy.made', data });

  test('foreign text that no column takes is kept in a form that it takes', async () => {
    const { letters } = service();
    const odd = 'a\0b\ud800';
    const envelope = { ...event(odd, 1), id: odd, time: odd, actor: odd.repeat(1_000), about: odd, type: odd };
    await letters.put({ consumer: 'toy.hear', envelope, error: odd, attempts: 1, failed_at: odd });
    const { items } = await letters.list(10, undefined);
    assert.equal(items.length, 1);
    assert.equal(items[0]?.error, 'a\\u0000b\ufffd');
    assert.equal(items[0]?.envelope.subject, 'a\\u0000b\ufffd');
    assert.ok(Number.isFinite(Date.parse(items[0]?.failed_at ?? '')));
  });

  test('of what is huge the beginning is kept, with the true size and hash', async () => {
    const { subscription, letters } = service();
    const raw = 'x'.repeat(5_000_000);
    await subscription.unreadable(raw, 'it is no event');
    await subscription.unreadable(Buffer.alloc(3_000_000, 0xff), 'it is no text');
    const { items } = await letters.list(10, undefined);
    const [text, bytes] = items.map(({ envelope }) => JSON.parse(envelope.data) as string);
    const hash = createHash('sha256').update(raw).digest('hex');
    assert.ok(text?.startsWith(`Only the beginning of this payload is kept: it has 5000000 bytes, SHA-256 ${hash}.\n`));
    assert.match(bytes ?? '', /it has 3000000 bytes, .* base64/);
    for (const one of [text, bytes]) assert.ok((one?.length ?? 0) < 1_100_000);
  });

  test('an event that was cut cannot be replayed, and says why', async () => {
    const { subscription, letters, again } = service(() => Promise.reject(new Error('no')));
    await subscription.handle(toy(JSON.stringify({ ...JSON.parse(TOY), more: 'x'.repeat(2_000_000) })));
    const [letter] = (await letters.list(10, undefined)).items;
    assert.ok(letter);
    await assert.rejects(again(letter.consumer, letter.envelope), /only the beginning/);
  });

  test('a payload that its contract does not describe is put aside at once, and no consumer sees it', async () => {
    let seen = 0;
    const { subscription, letters } = service(async () => void seen++);
    const wrong = ['{}', '{"toy_id":"1","name":"toy","price":1,"number":null}', TOY.replace('12.5', '"much"')];
    for (const [n, data] of wrong.entries()) await subscription.handle({ ...toy(data), subject: String(n) });
    await subscription.handle(toy(TOY.replace('{', '{"later":true,')));
    const { items } = await letters.list(10, undefined);
    assert.deepEqual(
      items.map(({ attempts, error }) => [attempts, /^the payload is no toy.made: /.test(error)]),
      wrong.map(() => [1, true]),
    );
    assert.equal(seen, 1);
  });

  test('a store that refuses is in the log, in health and in the metrics, and gets it when it takes it again', async () => {
    const { subscription, letters, look, errors } = service();
    await toys.db.script('alter table tradepost_toy.dead_letter rename to elsewhere');
    const put = subscription.unreadable('no event', 'it is none');
    await settle(() => assert.match(errors()[0]?.msg ?? '', /cannot be put aside/));
    assert.equal(await look(), 'toy cannot keep what it could not handle');
    assert.match(await registry.metrics(), /tradepost_dead_letter_failures_total\{consumer="toy.unreadable"\} [1-9]/);
    await toys.db.script('alter table tradepost_toy.elsewhere rename to dead_letter');
    await put;
    assert.equal((await letters.list(10, undefined)).items.length, 1);
    assert.equal(await look(), undefined);
  });

  test('an event that the store refuses as it is, is kept without what is foreign in it', async () => {
    const { subscription, letters } = service();
    await toys.db.script(
      `alter table tradepost_toy.dead_letter add constraint picky check (envelope::text not like '%odd%')`,
    );
    await subscription.unreadable('odd', 'odd');
    await toys.db.script('alter table tradepost_toy.dead_letter drop constraint picky');
    assert.match((await letters.list(10, undefined)).items[0]?.error ?? '', /only its place is kept/);
  });

  test('lost events are an error, a metric and a letter, and health is degraded until that is discarded', async () => {
    const { subscription, letters, look, errors, again } = service();
    assert.equal(await look(), undefined);
    subscription.lost({ topic: 'toys', place: 'partition 3', count: 7, reason: 'they expired' });
    const { msg, group, topic, place, lost }: Record<string, unknown> = errors()[0] ?? {};
    assert.deepEqual([msg, group, topic, place, lost], ['the bus has lost events', 'toy', 'toys', 'partition 3', 7]);
    assert.match((await look()) ?? '', /missed events/);
    assert.match(await registry.metrics(), /tradepost_events_lost_total\{service="toy",topic="toys"\} 7/);
    const letter = await settle(async () => {
      const [first] = (await letters.list(10, undefined)).items;
      assert.ok(first);
      return first;
    });
    assert.match(letter.error, /up to 7 events of toys \(partition 3\)/);
    await assert.rejects(again(letter.consumer, letter.envelope), /no longer/);
    // Also seen by a process that starts now.
    assert.match((await service().look()) ?? '', /missed events/);
    await letters.remove(letter.id);
    assert.equal(await look(), undefined);
  });

  test('events that are lost while health is asked are not forgotten', async () => {
    const letters = deadLettersIn(toys.db, 'toy');
    const first = Promise.withResolvers<boolean>();
    const answers = [first.promise];
    const holds = (consumer: string) => answers.shift() ?? letters.holds(consumer);
    const log = createLog({ LOG_LEVEL: 'silent', NODE_ENV: 'test' });
    const stopped = new AbortController().signal;
    const writer = deadLetterWriter({ service: 'toy', deadLetters: { ...letters, holds }, log, stopped });
    const asked = writer.look();
    writer.lost({ topic: 'toys', place: 'partition 4', reason: 'they expired' });
    first.resolve(false);
    await asked;
    assert.match((await writer.look()) ?? '', /missed events/);
    await settle(async () => assert.equal((await letters.list(10, undefined)).items.length, 1));
  });

  test('the path of events says it to health as degraded', async () => {
    const process = await toyProcess(toys.db.url, [
      on(made as NonNullable<typeof made>, 'hear', async () => undefined),
    ]);
    try {
      await process.path.look();
      const envelope = event('1', 1);
      await process.letters.put({
        consumer: 'toy.lost',
        envelope,
        error: 'gone',
        attempts: 1,
        failed_at: envelope.time,
      });
      const later = await toyProcess(toys.db.url, [
        on(made as NonNullable<typeof made>, 'hear', async () => undefined),
      ]);
      await assert.rejects(
        later.path.look(),
        (error) => error instanceof Degraded && /toy missed events/.test(error.message),
      );
      await later.close();
    } finally {
      await process.close();
    }
  });
});
