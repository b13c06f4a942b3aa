/**
 * ClickHouse, as far as the platform knows it, by its official client: a server over HTTP, or chDB, which is the same
 * engine in this process. Parameters are bound (`{name:UInt64}`), never spliced; times are UTC and leave as ISO 8601.
 */
export interface ClickHouse {
  /** What the names of its databases begin with: `tradepost` makes `tradepost_order`. */
  readonly prefix: string;
  /** For a person: `chDB in ./data/clickhouse`, or the address of the server. */
  readonly where: string;
  /** In this process: nobody else reaches the data. */
  readonly embedded: boolean;
  query<Row extends object>(text: string, params?: Params, limits?: Limits): Promise<Row[]>;
  /**
   * Writes rows as one block into one table, whole or not at all. Of two blocks with one token the table keeps the
   * first, if it was made with `non_replicated_deduplication_window`.
   */
  insert(table: string, rows: readonly object[], token?: string): Promise<void>;
  /** A statement without an answer, as a migration has them. */
  command(text: string, params?: Params, limits?: Limits): Promise<void>;
  /** Throws when the engine does not answer. */
  ping(): Promise<void>;
  /** Throws `Down` when nothing can be written, with the reason; it looks at most once a second. */
  writable(): Promise<void>;
  close(): Promise<void>;
}

export type Params = Readonly<Record<string, unknown>>;

export interface Limits {
  /** How long it may take; ten seconds unless said. */
  readonly seconds?: number;
}

/** The database of a service: `tradepost_order`. */
export function databaseOf(engine: Pick<ClickHouse, 'prefix'>, service: string): string {
  return `${engine.prefix}_${service}`;
}
