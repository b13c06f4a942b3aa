import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { openDatabase } from '../../src/platform/db/postgres/postgres.ts';
import type { TestClient } from '../../src/testing/client.ts';

/** A dead letter as a client gets it. */
export interface Letter {
  readonly id: number;
  readonly consumer: string;
  readonly event: {
    readonly id: string;
    readonly type: string;
    readonly subject: string;
    readonly actor: string;
    readonly about?: string;
    readonly data: string;
  };
  readonly error: string;
  readonly attempts: number;
}

/** The dead letters of delivery that concern an order. */
export async function lettersAbout(staff: TestClient, order_id: number): Promise<Letter[]> {
  const { body } = await staff.get<Letter[]>('/dead-letters/delivery?limit=200');
  return body.filter(({ event }) => event.about === `order/${order_id}`);
}

/** Makes delivery fail over every order of one user, until `mend`. */
export async function poison(databaseUrl: string, { id }: TestClient): Promise<{ mend(): Promise<void> }> {
  const name = `no_parcel_for_${id}`;
  const table = 'tradepost_delivery.shipments';
  await script(databaseUrl, `alter table ${table} add constraint ${name} check (user_id <> ${id}) not valid`);
  return { mend: () => script(databaseUrl, `alter table ${table} drop constraint ${name}`) };
}

/** Runs statements on a database. */
export async function script(databaseUrl: string, text: string): Promise<void> {
  const db = openDatabase(databaseUrl, { poolSize: 1 });
  try {
    await db.script(text);
  } finally {
    await db.close();
  }
}

const COMMAND = fileURLToPath(new URL('../../bin/tradepost.js', import.meta.url));

/** What a command said. */
export interface Said {
  readonly code: number;
  readonly out: string;
  readonly complaint: string;
}

/** Runs `tradepost` as a person would, in an environment that holds nothing else. */
export function tradepost(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Said> {
  const options = { cwd: tmpdir(), env: { PATH: process.env.PATH, ...env } };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [COMMAND, ...words], options, (_error, out, complaint) =>
      resolve({ code: child.exitCode ?? -1, out, complaint }),
    );
    child.stdin?.end();
  });
}
