import type { ClickHouse } from '../clickhouse/engine.ts';
import type { Database, Sql } from '../postgres/postgres.ts';

/**
 * The portable form: what a service keeps, as rows of plain JSON that mean the same whichever engine they are in. Ids
 * are numbers, amounts minor units, times ISO 8601 to the millisecond, documents are values and not text.
 */
export type PortableRow = Readonly<Record<string, unknown>>;

/** Where a page ended, in the words of the engine that it was read from. */
export type PagePosition = readonly (string | number)[];

export interface PortablePage {
  readonly rows: readonly PortableRow[];
  /** Behind its last row. */
  readonly end: PagePosition;
}

/** A table in its portable form: the same rows on both engines, in an order of each engine's own. */
export interface PortableTable {
  readonly name: string;
  /** The fields that tell two rows apart. */
  readonly key: readonly string[];
  /** Rows in a page, when they are larger than most. */
  readonly rowsAtOnce?: number;
  count(): Promise<number>;
  /** What follows a place; undefined when nothing does. */
  read(after: PagePosition | undefined, limit: number): Promise<PortablePage | undefined>;
}

export interface PostgresTable extends PortableTable {
  /** Writes rows that are not there yet, inside the transaction that also keeps how far the copy has come. */
  write(sql: Sql, rows: readonly PortableRow[]): Promise<void>;
}

/** Rows for one table of ClickHouse. */
export interface Block {
  readonly table: string;
  readonly rows: readonly object[];
  /** The table counts its rows: each gets its `position`. */
  readonly placed: boolean;
}

export interface ClickHouseTable extends PortableTable {
  /**
   * What the engine is to keep for these rows, a block a table. What is there already may be looked at first, since
   * nobody else writes; a page may come again, and then counts for nothing.
   */
  blocks(rows: readonly PortableRow[]): readonly Block[] | Promise<readonly Block[]>;
}

export interface PostgresLocation {
  readonly db: Database;
  readonly schema: string;
}

export interface ClickHouseLocation {
  readonly engine: ClickHouse;
  readonly database: string;
}

/** What a service keeps, in its portable form, on each engine: the same names, in an order in which they can be written. */
export interface CopiedTables {
  postgres(place: PostgresLocation): readonly PostgresTable[];
  clickhouse(place: ClickHouseLocation): readonly ClickHouseTable[];
}
