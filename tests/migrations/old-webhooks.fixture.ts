import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { busMigrations } from '../../src/platform/bus/open-bus.ts';
import { migrate } from '../../src/platform/db/postgres/migrate.ts';
import { migrationSet } from '../../src/platform/db/postgres/migration-set.ts';
import { type Database, openDatabase } from '../../src/platform/db/postgres/postgres.ts';

// A shop of the version before webhooks became a service: payment kept its endpoints, and sent.

export const SECRET = `whsec_${Buffer.from('the secret of the endpoint before').toString('base64')}`;
const OTHERS = ['user', 'product', 'order', 'invoice', 'delivery', 'analytics'];
const LAST_OF_PAYMENT = '0002_webhooks.sql';

/** The user whom everything is about: the second account that is made. */
export const OWNER = 2;

/** Messages by what became of them before. */
export const ID = {
  delivered: '00000000-0000-7000-8000-000000000001',
  unwanted: '00000000-0000-7000-8000-000000000002',
  failing: '00000000-0000-7000-8000-000000000003',
  queued: '00000000-0000-7000-8000-000000000004',
  inTheLog: '00000000-0000-7000-8000-000000000005',
  inTheOutbox: '00000000-0000-7000-8000-000000000006',
} as const;

/** What has to be sent, once, after the import: all that was not sent before, and nothing else. */
export const TO_SEND = [ID.failing, ID.queued, ID.inTheLog, ID.inTheOutbox];

const captured = (transaction_id: number) =>
  JSON.stringify({
    transaction_id,
    user_id: OWNER,
    amount: 5,
    currency: 'USD',
    invoice_id: null,
    order_id: null,
    paid_total: null,
    refunded_total: null,
    at: '2026-01-05T10:00:00.000Z',
  });

const EVENT = `'00-00000000000000000000000000000001-0000000000000001-01', 'r-1'`;

/** The rows: endpoints 7 (active), 9 (disabled) and 12 (of everyone, by an account that is not of the staff). */
const rows = (url: string): string => `
  insert into tradepost_payment.webhook_endpoints
    (endpoint_id, user_id, url, types, everyone, status, disabled_reason, secret, created_at, version) values
    (7, ${OWNER}, '${url}/7', '["payment.captured"]', false, 'active', null, '${SECRET}', '2026-01-03T00:00:00Z', 3),
    (9, ${OWNER}, '${url}/9', '["payment.captured"]', false, 'disabled', 'it answered 410: it is gone', 'whsec_b25l', '2026-01-03T00:00:00Z', 2),
    (12, ${OWNER}, '${url}/12', '["payment.refunded"]', true, 'active', null, 'whsec_dHdv', '2026-01-03T00:00:00Z', 1);
  select setval('tradepost_payment.webhook_endpoint_ids', 40);
  insert into tradepost_payment.webhook_deliveries
    (endpoint_id, message_id, type, time, data, status, tries, next_at, created_at) values
    (7, '${ID.delivered}', 'payment.captured', '2026-01-05T10:00:00Z', '${captured(1)}', 'delivered', 1, null, now()),
    (7, '${ID.failing}', 'payment.captured', '2026-01-05T10:00:00Z', '${captured(3)}', 'waiting', 1, now() - interval '1 second', now()),
    (7, '${ID.queued}', 'payment.captured', '2026-01-05T10:00:00Z', '${captured(4)}', 'waiting', 0, '2026-01-05T10:00:00Z', now());
  insert into tradepost_payment.webhook_attempts (delivery_id, at, status, error, ms) values
    (1, '2026-01-05T10:00:01Z', 200, null, 12), (2, '2026-01-05T10:00:01Z', 500, null, 9);
  insert into tradepost_bus.log (id, source, type, subject, time, trace, correlation, actor, data) values
    ('${ID.unwanted}', 'payment', 'payment.captured', '2', '2026-01-02T10:00:00Z', ${EVENT}, 'system', '${captured(2)}'),
    ('${ID.delivered}', 'payment', 'payment.captured', '1', '2026-01-05T10:00:00Z', ${EVENT}, 'system', '${captured(1)}'),
    ('${ID.failing}', 'payment', 'payment.captured', '3', '2026-01-05T10:00:00Z', ${EVENT}, 'system', '${captured(3)}'),
    ('${ID.queued}', 'payment', 'payment.captured', '4', '2026-01-05T10:00:00Z', ${EVENT}, 'system', '${captured(4)}'),
    ('${ID.inTheLog}', 'payment', 'payment.captured', '5', '2026-01-05T10:00:00Z', ${EVENT}, 'system', '${captured(5)}');
  insert into tradepost_bus.reader (name, position) values ('tradepost-payment', 4), ('tradepost-order', 4);
  insert into tradepost_payment.outbox (id, type, subject, data, time, trace, correlation) values
    ('${ID.inTheOutbox}', 'payment.captured', '6', '${captured(6)}', '2026-01-05T10:00:00Z', ${EVENT});`;

/** Makes of an empty database what the version before left, with endpoints at `url`. */
export async function oldWebhooks(databaseUrl: string, url: string): Promise<void> {
  const db = openDatabase(databaseUrl, { poolSize: 1 });
  const payment = migrationSet('payment');
  const upTo = payment.migrations.findIndex(({ name }) => name === LAST_OF_PAYMENT) + 1;
  assert.ok(upTo > 0, 'the form before is known');
  const before = { ...payment, migrations: payment.migrations.slice(0, upTo) };
  await migrate(db, [busMigrations(), ...OTHERS.map(migrationSet), before]);
  await db.script(rows(url));
  await db.close();
}

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** The endpoints of the customer. */
export async function customerServer(): Promise<{ url: string; received: Received[]; close(): Promise<void> }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => {
      body += part;
    });
    request.on('end', () => {
      received.push({ path: request.url ?? '', headers: request.headers, body });
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Whether a message is signed with the secret that the endpoint had before. */
export function isSigned({ headers, body }: Received): boolean {
  const { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signature } = headers;
  const key = Buffer.from(SECRET.slice('whsec_'.length), 'base64');
  return signature === `v1,${createHmac('sha256', key).update(`${id}.${time}.${body}`).digest('base64')}`;
}

/** Rows of a statement. */
export async function rowsOf(databaseUrl: string, text: string): Promise<Record<string, unknown>[]> {
  const db: Database = openDatabase(databaseUrl, { poolSize: 1 });
  const found = await db.query<Record<string, unknown>>({ name: '', text });
  await db.close();
  return found;
}
