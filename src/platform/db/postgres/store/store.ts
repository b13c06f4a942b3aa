import type { Change, Contract, Ctx, Versioned } from '../../../contract/contract.ts';
import type { Ids } from '../../../contract/ids.ts';
import { coalesce } from '../../coalesce.ts';
import { type IdSeries, idsFromSequence } from '../../ids.ts';
import type { StoredResponse } from '../../stored-response.ts';
import type { Database } from '../postgres.ts';
import { postgresSaver, type TableSpec } from './save.ts';
import { type StateTable, type StateTableSpec, stateTable } from './table.ts';

/** What the PostgreSQL repositories of one service build on: its schema in its database. */
export interface PostgresStore {
  readonly schema: string;
  readonly db: Database;
  /** Ids from a sequence of this schema. */
  ids(sequence: string): Ids;
  /** The states of one table, from one map of its columns. */
  table<S extends Versioned, Skip extends keyof S = never>(spec: StateTableSpec<S, Skip>): StateTable<S>;
  /** The atomic `save` alone, for what is no state of a table (see `save.ts`). */
  saver<S extends Versioned>(spec: Omit<TableSpec<S>, 'schema'>): (ctx: Ctx, change: Change<S>) => Promise<S>;
  /** Point reads that wait at the same moment become one statement; `text` selects by `= any($1)`. */
  reader<K extends string | number, Row extends object>(
    name: string,
    text: string,
    keyOf: (row: Row) => K,
  ): (key: K) => Promise<Row | undefined>;
  /** The answer kept under a request key. */
  findAnswer(key: string): Promise<StoredResponse | undefined>;
  /** Gives back the ids that were not used. To be called before the database is closed. */
  close(): Promise<void>;
}

/** The schema of a service: `tradepost_order`. */
export function schemaOf(service: string): string {
  return `tradepost_${service}`;
}

/** Makes the store of one service over an open database. */
export function postgresStore(db: Database, contract: Contract): PostgresStore {
  const schema = schemaOf(contract.name);
  const reader: PostgresStore['reader'] = (name, text, keyOf) => {
    const statement = { name: `${schema} ${name}`, text };
    return coalesce({
      name: `${contract.name} ${name}`,
      run: async (keys) => {
        type Row = Parameters<typeof keyOf>[0];
        const rows = await db.query<Row>(statement, [[...new Set(keys)]]);
        const byKey = new Map(rows.map((row) => [keyOf(row), row]));
        return keys.map((key) => byKey.get(key));
      },
    });
  };
  const saver: PostgresStore['saver'] = <S extends Versioned>(spec: Omit<TableSpec<S>, 'schema'>) =>
    postgresSaver<S>(db, contract, { ...spec, schema } as TableSpec<S>);
  const series: IdSeries[] = [];
  return {
    schema,
    db,
    ids(sequence) {
      const ids = idsFromSequence(db, schema, sequence);
      series.push(ids);
      return ids;
    },
    table: <S extends Versioned, Skip extends keyof S>(spec: StateTableSpec<S, Skip>) =>
      stateTable(spec, { schema, db, save: saver<S>(spec as Omit<TableSpec<S>, 'schema'>), reader }),
    saver,
    reader,
    findAnswer: reader<string, StoredResponse>(
      'request',
      `select key, fingerprint, result from ${schema}.request where key = any($1)`,
      (row) => row.key,
    ),
    async close() {
      await Promise.all(series.map((ids) => ids.close()));
    },
  };
}
