import { setTimeout as sleep } from 'node:timers/promises';
import type { Server } from '../../scripts/services/index.ts';
import { openDatabase } from '../../src/platform/db/postgres/postgres.ts';
import { freePort } from '../../src/testing/ports.ts';
import { type Audit, audit } from './audit.ts';
import { startBuyers } from './buyers.ts';
import { shopWith } from './shop.ts';

export interface Outage extends Audit {
  /** Events that waited in the outboxes when the broker came back. */
  readonly backlog: number;
  /** Orders that were taken while it was away. */
  readonly meanwhile: number;
}

const BEFORE_MS = 5_000;

/** Kills a broker under load, keeps it away for so long, brings it back, and looks whether anything is missing. */
export async function outageOf(
  broker: Server,
  env: Readonly<Record<string, string>>,
  databaseUrl: string,
  awayMs: number,
): Promise<Outage> {
  const shop = shopWith({ ...env, PORT: String(await freePort()) });
  await shop.start();
  const buyers = await startBuyers({ shop, count: 8, pause: 100 });
  await sleep(BEFORE_MS);
  await broker.kill();
  const before = buyers.journal.orders.size;
  await sleep(awayMs);
  const backlog = await waiting(databaseUrl);
  const meanwhile = buyers.journal.orders.size - before;
  await broker.restart();
  await sleep(BEFORE_MS);
  await buyers.stop();
  const result = await audit(databaseUrl, shop, buyers);
  await shop.stop();
  return { ...result, backlog, meanwhile };
}

async function waiting(databaseUrl: string): Promise<number> {
  const db = openDatabase(databaseUrl, { poolSize: 1 });
  const tables = ['order', 'invoice', 'payment', 'delivery'].map((name) => `select 1 from tradepost_${name}.outbox`);
  const [row] = await db.query<{ n: number }>({
    name: '',
    text: `select count(*) as n from (${tables.join(' union all ')}) w`,
  });
  await db.close();
  return row?.n ?? 0;
}
