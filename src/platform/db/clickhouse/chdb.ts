import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { CLICKHOUSE_SETTINGS, overClients } from './client.ts';
import type { ClickHouse } from './engine.ts';

/** The package that the engine in the process comes in, and the version that was tried. */
export const CHDB = 'chdb@3.4.0';

/** The engine is not installed: half a gigabyte is nothing to bring along unasked. */
export class EngineMissing extends Error {
  override readonly name = 'EngineMissing';

  constructor() {
    super(
      `ClickHouse in this process needs the package chdb (about 550 MB), which is not installed. Add it with \`npm install --no-save ${CHDB}\`, or name a server with CLICKHOUSE_HOST.`,
    );
  }
}

/** Sessions beside the one that writes. One takes a statement at a time, so a long one leaves the others free. */
const READERS = 3;

/**
 * Opens the engine in this process, with its data under `dataDir`, which the caller holds for this process alone.
 * Throws EngineMissing when the package is not there.
 */
export async function openChdb({ dataDir, prefix }: { dataDir: string; prefix: string }): Promise<ClickHouse> {
  const path = join(dataDir, 'clickhouse');
  mkdirSync(path, { recursive: true });
  const { createChdbConnection } = await connections();
  const open = async (): Promise<ClickHouseClient> => {
    // The type of the option belongs to the servers' way in.
    const options = { connection: createChdbConnection({ path }), log: { level: ClickHouseLogLevel.OFF } };
    const client = createClient(options as Parameters<typeof createClient>[0]);
    // Once for the session: given with every statement they would be said with every statement.
    const settings = Object.entries({ ...CLICKHOUSE_SETTINGS, ...OWN }).map(([name, value]) => `${name} = '${value}'`);
    await client.command({ query: `set ${settings.join(', ')}` });
    return client;
  };
  const writes = await open();
  const reads = await Promise.all(Array.from({ length: READERS }, open));
  return overClients({ prefix, where: `chDB in ${path}`, embedded: true, writes, reads });
}

/** Of this version alone: by default a secondary key is looked up only in tables of a million rows and more. */
const OWN = { min_table_rows_to_use_projection_index: 0 };

interface Connections {
  createChdbConnection(options: { path: string }): unknown;
}

// Its types are not there when it is not, so it is known by what is used of it.
async function connections(): Promise<Connections> {
  const name = 'chdb/connection';
  try {
    createRequire(import.meta.url).resolve(name);
  } catch {
    throw new EngineMissing();
  }
  return (await import(name)) as Connections;
}
