import type { Moved } from './moved.ts';
import type { PagePosition, PortableRow, PortableTable } from './portable.ts';

/** How far the copy of a table has come; it is kept where the rows are written. */
export interface CopyProgress {
  /** The copy that it belongs to, and where that one reads. */
  readonly copy: string;
  readonly source: string;
  /** Everything up to here is written; undefined: nothing yet. */
  readonly end: PagePosition | undefined;
  readonly rows: number;
  readonly done: boolean;
}

/** What is known of a service in a store. */
export interface CopyStatus {
  /** What of its migrations has run. */
  readonly schema: 'none' | 'older' | 'ours' | 'newer';
  /** Table to how far the copy of it has come; empty when none was begun, or the last one was finished. */
  readonly progress: ReadonlyMap<string, CopyProgress>;
  /** When the last copy into it was finished, from where, and which one that was. */
  readonly finished?: { readonly at: string; readonly source: string; readonly copies: ReadonlySet<string> };
  /** Where it went from here. */
  readonly moved?: Moved;
}

/** One end of a copy: an engine with the tables of the services in it. */
export interface CopyEndpoint {
  readonly driver: 'postgres' | 'clickhouse';
  /** For a person, without secrets; two stores have two names. */
  where(service: string): string;
  /** What else has it open, in words; undefined when nothing has. */
  inUse(services: readonly string[]): Promise<string | undefined>;
  /**
   * Keeps others from starting on it while it is copied, where the engine can, and makes the place for where services
   * went. The tables are there.
   */
  hold(services: readonly string[]): Promise<void>;
  status(service: string): Promise<CopyStatus>;
  tables(service: string): readonly PortableTable[];
  /** How many events of a service wait to be published. */
  waiting(service: string): Promise<number>;
  /** Makes the tables of services that are not there, and what progress is kept in. */
  prepare(services: readonly string[]): Promise<void>;
  /** Keeps that the copy of a table has begun, before anything of it is written. */
  begin(service: string, table: string, progress: CopyProgress): Promise<void>;
  /** Writes a page and how far the copy has come with it. Killed in between, the page is not there twice. */
  write(service: string, table: string, rows: readonly PortableRow[], progress: CopyProgress): Promise<void>;
  /** Keeps that all of it is done; from now on it is no copy that could go on. */
  finish(services: readonly string[]): Promise<void>;
  /** Keeps where services went: nothing starts on them here any more. */
  keepMoved(moved: readonly Moved[]): Promise<void>;
  /** Forgets where services went. */
  release(services: readonly string[]): Promise<void>;
  /** Removes every row of a service, and then where it went. Killed in between, that is still known. */
  empty(service: string): Promise<void>;
}

/** How what has run compares with the migrations that there are. */
export function schemaBy(ran: readonly string[], known: readonly string[]): CopyStatus['schema'] {
  if (ran.length === 0) return 'none';
  if (ran.some((name) => !known.includes(name))) return 'newer';
  return known.every((name) => ran.includes(name)) ? 'ours' : 'older';
}

/** A row of progress, as both engines keep it. */
export interface ProgressRow {
  readonly name: string;
  readonly copy: string;
  readonly source: string;
  readonly place: string;
  readonly written: number;
  readonly done: boolean;
  readonly finished_at: string | null;
}

/** What the rows of a service say. */
export function copyStatusOf(schema: CopyStatus['schema'], rows: readonly ProgressRow[], moved?: Moved): CopyStatus {
  const finished = rows.filter(({ finished_at }) => finished_at !== null);
  const [ended] = finished;
  const copies = new Set(finished.map(({ copy }) => copy));
  // Where the tables were dropped, nothing of a copy is left to go on with.
  const open = schema === 'none' ? [] : rows.filter(({ finished_at }) => finished_at === null);
  return {
    schema,
    progress: new Map(
      open.map(({ name, copy, source, place, written: rows, done }) => {
        const end = place === '' ? undefined : (JSON.parse(place) as PagePosition);
        return [name, { copy, source, end, rows, done }];
      }),
    ),
    ...(ended && { finished: { at: ended.finished_at ?? '', source: ended.source, copies } }),
    ...(moved && { moved }),
  };
}

export const placeText = ({ end }: CopyProgress): string => (end === undefined ? '' : JSON.stringify(end));
