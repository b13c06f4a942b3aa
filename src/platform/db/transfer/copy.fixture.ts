import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Database } from '../postgres/postgres.ts';

/** Puts so many orders into a database, each with its story, the answer to its request and a mark. */
export async function fillOrders(db: Database, orders: number): Promise<void> {
  const id = `md5('event ' || n)::uuid`;
  await db.script(`set statement_timeout = 0;
    insert into tradepost_order.orders (order_id, user_id, username, items, subtotal, tax, tax_rate, total, currency,
      status, payment_status, fulfillment_status, created_at, updated_at, version, paid_total, refunded_total)
    select n, n % 1000 + 1, 'buyer ' || n % 1000 + 1, json_build_array(json_build_object('product_id', n % 8 + 1,
        'product_name', 'Crate “' || n || '”', 'description', repeat('of things ', 10), 'quantity', 2,
        'unit_price', n, 'total', 2 * n)),
      2 * n, 0, '0.10', 2 * n, 'USD', 'pending', 'not_paid', 'not_fulfilled',
      timestamptz '2026-01-01' + n * interval '1 ms', timestamptz '2026-01-02' + n * interval '1 ms', 1 + n % 3, 0, 0
    from generate_series(1, ${orders}) n;
    insert into tradepost_order.request (key, fingerprint, result, created_at)
    select 'place ' || order_id, md5('print ' || order_id), row_to_json(o), created_at from tradepost_order.orders o;
    insert into tradepost_order.inbox (consumer, event_id, handled_at)
    select 'order.follow_shipment', ${id}, timestamptz '2026-01-03' from generate_series(1, ${orders}) n;
    insert into tradepost_order.timeline
      (event_id, order_id, type, service, subject, at, actor, causation_id, correlation_id, data)
    select ${id}, n, 'order.created', 'order', n::text, timestamptz '2026-01-01' + n * interval '1 ms', 'system', null,
      'request ' || n, json_build_object('order_id', n, 'total', 2.5, 'of', json_build_object('z', 1, 'a', null))
    from generate_series(1, ${orders}) n;
    select setval('tradepost_order.order_ids', ${orders});
    analyze`);
}

const COMMAND = fileURLToPath(new URL('../../../../bin/tradepost.js', import.meta.url));

/** A command that runs. */
export interface CommandProcess {
  readonly pid: number;
  /** Everything that it has said to either stream. */
  said(): string;
  /** Its code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  kill(): void;
}

/** Runs `tradepost` in an environment that holds nothing else. */
export function tradepost(words: readonly string[], env: Readonly<Record<string, string>>): CommandProcess {
  const child = spawn(process.execPath, [COMMAND, ...words], {
    env: { PATH: process.env.PATH, NODE_ENV: 'test', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (part: Buffer) => {
      text += part;
    });
  }
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal ?? -1));
  });
  return { pid: child.pid ?? 0, ended, said: () => text, kill: () => child.kill('SIGKILL') };
}
