import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultOf, isPrivate } from './transport/webhook.address.ts';
import { newSecret, signedHeaders } from './transport/webhook.signature.ts';
import { at, NOW } from './webhook.fixture.ts';
import {
  createEndpoint,
  disable,
  enable,
  outcomeOf,
  publicEndpoint,
  reasonToDisable,
  remove,
  rotate,
  secretsOf,
} from './webhook.model.ts';

const ctx = at();
const wanted = {
  endpoint_id: 1,
  user_id: 2,
  url: 'https://example.com/hook',
  types: [],
  everyone: false,
  secret: 'whsec_a',
};
const endpoint = () => ({ ...createEndpoint(wanted, false, ctx).next, version: 1 });
const attempt = (status: number | null, when = NOW) => ({ at: when, status, error: null, ms: 1 });

test('the signature is the one of the published example', () => {
  const headers = signedHeaders(['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], {
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    seconds: 1_614_265_330,
    body: '{"test": 2432232314}',
  });
  assert.deepEqual(headers, {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
});

test('a secret is of its own each time, and of the length that the rules ask for', () => {
  const secrets = [newSecret(), newSecret()];
  assert.notEqual(secrets[0], secrets[1]);
  for (const one of secrets) assert.match(one, /^whsec_[A-Za-z0-9+/]{43}=$/);
});

test('after a change of the secret both sign for a day, then the new one alone', () => {
  const { next } = rotate(endpoint(), 'whsec_b', ctx);
  assert.deepEqual(secretsOf(next, '2026-07-29T09:29:59.999Z'), ['whsec_b', 'whsec_a']);
  assert.deepEqual(secretsOf(next, '2026-07-29T09:30:00.000Z'), ['whsec_b']);
});

test('what fails is tried again for three days, with growing pauses, and then no more', () => {
  const pauses = Array.from({ length: 9 }, (_, tries) => {
    const outcome = outcomeOf({ tries }, attempt(500), 0);
    return outcome.status === 'waiting' ? (Date.parse(outcome.next_at) - Date.parse(NOW)) / 1_000 : outcome.status;
  });
  assert.deepEqual(pauses, [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]);
  assert.deepEqual(outcomeOf({ tries: 9 }, attempt(500), 0), { status: 'failed' });
});

test('only a 2xx is success; a redirect is none, a 410 ends it, and who is busy is left longer alone', () => {
  const fate = (status: number | null) => outcomeOf({ tries: 0 }, attempt(status), 0).status;
  assert.deepEqual([200, 204, 301, 400, 410, null].map(fate), [
    'delivered',
    'delivered',
    'waiting',
    'waiting',
    'failed',
    'waiting',
  ]);
  assert.deepEqual(outcomeOf({ tries: 0 }, attempt(429), 0), {
    status: 'waiting',
    next_at: '2026-07-28T09:31:00.000Z',
  });
});

test('an endpoint is disabled at once when it is gone, and after days of failure', () => {
  assert.match(reasonToDisable(endpoint(), attempt(410)) ?? '', /gone/);
  assert.equal(reasonToDisable(endpoint(), attempt(500)), undefined);
  const failing = { ...endpoint(), failing_since: '2026-07-23T09:29:00.000Z' };
  assert.match(reasonToDisable(failing, attempt(500)) ?? '', /since 2026-07-23/);
  assert.equal(reasonToDisable(failing, attempt(200)), undefined);
  const disabled = disable(endpoint(), 'gone', ctx);
  assert.deepEqual(
    disabled.events.map(({ type }) => type),
    ['webhook_endpoint.changed'],
  );
  assert.deepEqual(disable(disabled.next, 'gone', ctx).events, []);
  assert.equal(enable(disabled.next, false, ctx).next.status, 'active');
});

test('nobody but staff is told of everyone, and a deleted endpoint keeps no secret', () => {
  assert.throws(() => createEndpoint({ ...wanted, everyone: true }, false, ctx), { code: 'WEBHOOK_NOT_FOR_YOU' });
  assert.equal(createEndpoint({ ...wanted, everyone: true }, true, ctx).next.everyone, true);
  assert.equal(remove(endpoint(), ctx).next.secret, '');
  assert.ok(!('secret' in publicEndpoint(endpoint())));
});

const STRICT = { private: false, plainHttp: false };

test('an address leads to the public internet, however a private one is written', () => {
  const refused = [
    'https://127.0.0.1/',
    'https://127.1/',
    'https://0x7f.1/',
    'https://2130706433/',
    'https://0177.0.0.1/',
    'https://10.1.2.3/',
    'https://172.16.0.1/',
    'https://192.168.1.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://100.64.0.1/',
    'https://0.0.0.0/',
    'https://255.255.255.255/',
    'https://[::1]/',
    'https://[::]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:7f00:1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[2002:7f00:1::]/',
    'https://[fd00::1]/',
    'https://[fe80::1]/',
    'https://localhost/',
    'https://intranet/',
    'https://db.internal/',
    'https://a.localhost./',
    'http://example.com/',
    'ftp://example.com/',
    'file:///etc/passwd',
    'https://user:word@example.com/',
    'nothing',
  ];
  assert.deepEqual(
    refused.filter((url) => faultOf(url, STRICT) === undefined),
    [],
  );
  const taken = [
    'https://example.com/hook?x=1',
    'https://93.184.216.34/',
    'https://[2606:2800:220:1::1]/',
    'https://example.com:8443/',
  ];
  assert.deepEqual(
    taken.filter((url) => faultOf(url, STRICT) !== undefined),
    [],
  );
  assert.equal(faultOf('http://127.0.0.1:1/', { private: true, plainHttp: true }), undefined);
});

test('private addresses are told from public ones', () => {
  const addresses = [
    '10.0.0.1',
    '8.8.8.8',
    '::1',
    '2001:4860:4860::8888',
    '::ffff:10.0.0.1',
    '172.32.0.1',
    '224.0.0.1',
  ];
  assert.deepEqual(addresses.map(isPrivate), [true, false, true, false, true, false, true]);
});
