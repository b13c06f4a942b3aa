import { ConfigError } from '../../config/config.ts';
import { Degraded } from '../../observability/health.ts';
import { type ClickHouse, databaseOf } from './engine.ts';
import { markOf } from './store/relay-mark.ts';

/** A part of a table that the engine has set aside: its rows are not read. */
export interface LostPart {
  /** With its database. */
  readonly table: string;
  readonly name: string;
  /** In the engine's word; empty: a person has detached it. */
  readonly reason: string;
  /** The folder that it lies in. */
  readonly path: string;
}

/**
 * Reasons of parts that nobody misses, by the documentation of `system.detached_parts`: what another part holds, what
 * a replica has anew, and what was on its way in or out when a process ended. All others are rows that are gone.
 */
const HARMLESS = new Set([
  'clone',
  'covered-by-broken',
  'deleting',
  'ignored',
  'merge-not-byte-identical',
  'mutate-not-byte-identical',
  'tmp-fetch',
]);

interface Detached extends LostPart {
  readonly partition: string | null;
  readonly first: number | null;
  readonly last: number | null;
}

interface Active {
  readonly table: string;
  readonly partition: string;
  readonly first: number;
  readonly last: number;
}

const DETACHED = `select concat(database, '.', table) as table, name, path, partition_id as partition,
    ifNull(reason, splitByChar('_', name)[1]) as reason, min_block_number as first, max_block_number as last
  from system.detached_parts where database in {databases:Array(String)} order by table, name`;

const ACTIVE = `select concat(database, '.', table) as table, partition_id as partition, min_block_number as first,
    max_block_number as last
  from system.parts where active and database in {databases:Array(String)} order by first`;

/** The parts whose rows are missing from the tables of some services, and from those of the platform. */
export async function lostParts(engine: ClickHouse, services: readonly string[]): Promise<LostPart[]> {
  const databases = ['platform', ...services].map((service) => databaseOf(engine, service));
  const detached = await engine.query<Detached>(DETACHED, { databases });
  const suspects = detached.filter(({ reason }) => !HARMLESS.has(reason));
  if (suspects.length === 0) return [];
  const active = await engine.query<Active>(ACTIVE, { databases });
  return suspects
    .filter((part) => !isCovered(part, active))
    .map(({ table, name, reason, path }) => ({ table, name, reason, path }));
}

/** A merged part that breaks makes place for those that it was made of, where they are still there. */
function isCovered({ table, partition, first, last }: Detached, active: readonly Active[]): boolean {
  if (first === null || last === null) return false;
  let next = first;
  for (const part of active) {
    if (part.table !== table || part.partition !== partition || part.last < next) continue;
    if (part.first > next) return false;
    next = part.last + 1;
    if (next > last) return true;
  }
  return false;
}

/** Refuses to start over tables whose parts the engine has set aside. Throws ConfigError, with a sentence. */
export async function refuseLost(engine: ClickHouse, services: readonly string[]): Promise<void> {
  const lost = await lostParts(engine, services);
  const [first] = lost;
  if (!first) return;
  const { table, name, reason, path } = first;
  const more = lost.length > 1 ? ` and ${lost.length - 1} more` : '';
  throw new ConfigError([
    `ClickHouse has set aside the part ${name} of ${table}${more} (${reason || 'detached by a person'}), so rows are missing: bring the part or the whole store back from a backup, or give its rows up by moving the folder ${path} away, and start again.`,
  ]);
}

/** A table that ends before the place up to which its events were sent. */
export interface LostEnd {
  readonly table: string;
  readonly last: number;
  readonly mark: number;
}

/** The tables of events that have lost their end; `tables` is a service to the name of its table. */
export async function lostEnds(engine: ClickHouse, tables: ReadonlyMap<string, string>): Promise<LostEnd[]> {
  const ends = await Promise.all(
    [...tables].map(async ([service, name]) => {
      const database = databaseOf(engine, service);
      const table = `${database}.${name}`;
      const [row] = await engine.query<{ last: number }>(`select max(position) as last from ${table}`);
      return { table, last: row?.last ?? 0, mark: await markOf(engine, `${database}.relay`) };
    }),
  );
  return ends.filter(({ last, mark }) => mark > last);
}

/** The sentence for the end of a table that is gone. */
export const lostEndSentence = ({ table, last, mark }: LostEnd): string =>
  `${table} ends at place ${last}, and its events were sent up to ${mark}: its newest rows are lost`;

const LOOK_EVERY_MS = 30_000;

/**
 * Looks, at most twice a minute, whether the engine has set parts aside while it ran. Throws `Degraded` with the names
 * of the tables, also for the ends that a start has found gone.
 */
export function watchLost(
  engine: ClickHouse,
): (services: readonly string[], ends: readonly LostEnd[]) => Promise<void> {
  let known: { readonly at: number; readonly parts: Promise<LostPart[]> } | undefined;
  return async (services, ends) => {
    const now = performance.now();
    if (!known || now - known.at >= LOOK_EVERY_MS) {
      const parts = lostParts(engine, services);
      // A look that fails says nothing; the next one asks again.
      parts.catch(() => {
        known = undefined;
      });
      known = { at: now, parts };
    }
    const tables = [...new Set((await known.parts).map(({ table }) => table))];
    const aside = tables.length > 0 ? [`ClickHouse has set parts of ${tables.join(', ')} aside: rows are missing`] : [];
    const sentences = [...aside, ...ends.map(lostEndSentence)];
    if (sentences.length > 0) throw new Degraded(sentences.join('; '));
  };
}
