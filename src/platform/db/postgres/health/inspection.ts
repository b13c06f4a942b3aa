import type { Database, Statement } from '../postgres.ts';
import { schemaOf } from '../store/store.ts';

/** What a person wants to know of a PostgreSQL database before a shop stands on it. */
export interface DatabaseFacts {
  readonly version: string;
  readonly encoding: string;
  readonly readOnly: boolean;
  readonly connections: number;
  readonly mostConnections: number;
  /** Milliseconds since 1970, by the server's clock. */
  readonly clock: number;
  /** Migrations that have run, as `schema/name`. */
  readonly applied: readonly string[];
  /** By service; those without tables are missing. */
  readonly events: readonly EventFacts[];
}

export interface EventFacts {
  readonly service: string;
  readonly letters: number;
  /** Seconds that the oldest event waits for the bus; null when none does. */
  readonly oldest: number | null;
}

const once = (text: string): Statement => ({ name: '', text });

const SERVER = once(`select current_setting('server_version') as version,
  pg_encoding_to_char(encoding) as encoding,
  pg_is_in_recovery() or current_setting('default_transaction_read_only') = 'on' as read_only,
  (select count(*) from pg_stat_activity where backend_type = 'client backend') as connections,
  current_setting('max_connections')::bigint - current_setting('superuser_reserved_connections')::bigint as most,
  (extract(epoch from clock_timestamp()) * 1000)::bigint as clock
  from pg_database where datname = current_database()`);

interface ServerRow {
  readonly version: string;
  readonly encoding: string;
  readonly read_only: boolean;
  readonly connections: number;
  readonly most: number;
  readonly clock: number;
}

/** Looks at a database and changes nothing. Throws when it does not answer, or lets us in no further. */
export async function inspectDatabase(db: Database, services: readonly string[]): Promise<DatabaseFacts> {
  const [server] = await db.query<ServerRow>(SERVER);
  if (!server) throw new Error('The database does not say what it is.');
  const events = [];
  for (const service of services) if (await isThere(db, service)) events.push(await eventsOf(db, service));
  const { version, encoding, read_only: readOnly, connections, most: mostConnections, clock } = server;
  const applied = await appliedIn(db);
  const short = version.split(' ')[0] ?? version;
  return { version: short, encoding, readOnly, connections, mostConnections, clock, applied, events };
}

async function isThere(db: Database, service: string): Promise<boolean> {
  const [row] = await db.query<{ there: boolean }>(
    once(`select to_regclass('${schemaOf(service)}.dead_letter') is not null as there`),
  );
  return row?.there ?? false;
}

async function eventsOf(db: Database, service: string): Promise<EventFacts> {
  const schema = schemaOf(service);
  const [row] = await db.query<{ letters: number; oldest: number | null }>(
    once(`select (select count(*) from ${schema}.dead_letter) as letters,
      (select extract(epoch from now() - min(time))::float8 from ${schema}.outbox) as oldest`),
  );
  return { service, letters: row?.letters ?? 0, oldest: row?.oldest ?? null };
}

async function appliedIn(db: Database): Promise<string[]> {
  const [ledger] = await db.query<{ there: boolean }>(
    once("select to_regclass('tradepost_platform.migration') is not null as there"),
  );
  if (!ledger?.there) return [];
  const rows = await db.query<{ key: string }>(
    once("select schema || '/' || name as key from tradepost_platform.migration"),
  );
  return rows.map(({ key }) => key);
}
