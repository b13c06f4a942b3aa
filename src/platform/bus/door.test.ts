import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Envelope } from '../contract/events.ts';
import { headersOf, toHeaders } from './cloudevents.ts';
import { event, listener } from './fixtures/bus.fixture.ts';
import { receiver } from './receiver.ts';

/** What a subscription is told when these headers and this payload come. */
async function told(headers: Record<string, unknown>, data: string | Buffer = '{"n":1}') {
  const { subscription, got, litter } = listener('order');
  const reasons: string[] = [];
  const heard = {
    ...subscription,
    unreadable(raw: string | Buffer, reason: string) {
      reasons.push(reason);
      return subscription.unreadable(raw, reason);
    },
  };
  const done = await receiver(heard, '').take({ topic: 'orders', headers, data }, new AbortController().signal);
  assert.equal(done, true);
  return { got, litter, reasons };
}

const headersWith = (changed: Partial<Envelope>) => ({
  ...toHeaders(event('1', 1), ''),
  ...toHeaders(event('1', 1, changed), ''),
});

test('an event that every store can keep passes the door', async () => {
  const times = [
    '2026-11-27T10:00:00.123Z',
    '2026-11-27T10:00:00Z',
    '2026-11-27T12:00:00+02:00',
    '2024-02-29T23:59:59Z',
  ];
  for (const time of times) {
    const { got, reasons } = await told(headersWith({ time, subject: 'Grüße 🙂', trace: 'no trace at all' }));
    assert.deepEqual(reasons, []);
    assert.equal(Date.parse(got[0]?.time ?? ''), Date.parse(time));
  }
});

test('what a column would refuse is put aside at the door, with the reason', async () => {
  const refused: [Record<string, unknown>, RegExp][] = [
    [headersWith({ id: 'x' }), /id 'x' is no UUID/],
    [headersWith({ id: '\0'.repeat(36) }), /id holds a NUL/],
    [headersWith({ subject: 'a\0b' }), /subject holds a NUL/],
    [headersWith({ actor: 'half \ud800' }), /actor is no valid Unicode/],
    [headersWith({ subject: 'caf\ufffd' }), /subject is no valid Unicode/],
    [headersWith({ subject: 's'.repeat(1_001) }), /subject is longer/],
    [headersWith({ trace: 't'.repeat(100_000) }), /trace is longer/],
    [headersWith({ causation: 'because' }), /causationid 'because' is no UUID/],
    ...[
      'yesterday',
      '2026',
      '2026-02-30T00:00:00Z',
      '2026-13-01T00:00:00Z',
      '+275760-09-13T00:00:00Z',
      '9999-01-01T00:00:00Z',
      '',
    ].map((time): [Record<string, unknown>, RegExp] => [headersWith({ time }), /is no RFC 3339 time/]),
    [headersOf([...Object.entries(headersWith({})), ['subject', 'another']]), /subject is there more than once/],
    [{ ...headersWith({}), subject: { deep: true } }, /subject is no text/],
  ];
  for (const [headers, reason] of refused) {
    const { got, litter, reasons } = await told(headers);
    assert.deepEqual([got, litter], [[], ['{"n":1}']]);
    assert.match(String(reasons), reason);
  }
});

test('a payload that is no object, no text, or holds what no column takes, is put aside', async () => {
  const refused: [string | Buffer, RegExp][] = [
    ['null', /no JSON object/],
    ['[1]', /no JSON object/],
    ['"text"', /no JSON object/],
    ['17', /no JSON object/],
    ['', /JSON/],
    ['{"n":"\\u0000"}', /NUL/],
    ['{"\\ud800":1}', /surrogate/],
    [Buffer.from('{"n":"\xff"}', 'latin1'), /no UTF-8/],
  ];
  for (const [data, reason] of refused) assert.match(String((await told(headersWith({}), data)).reasons), reason);
  const { got } = await told(headersWith({}), '{"n":"\\\\u0000 and \\ud83d\\ude42"}');
  assert.equal(got.length, 1);
});

test('a header that came twice with one value is one; what nobody wants is passed over whatever is wrong with it', async () => {
  const twice = headersOf([...Object.entries(headersWith({})), ['subject', '1']]);
  assert.equal((await told(twice)).got.length, 1);
  assert.deepEqual((await told(headersWith({ type: 'order.unheard', subject: '\0' }))).reasons, []);
});
