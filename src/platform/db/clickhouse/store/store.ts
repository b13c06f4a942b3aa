import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Change, Contract, Ctx, Versioned } from '../../../contract/contract.ts';
import type { Ids } from '../../../contract/ids.ts';
import type { Reconciliation, ReconciliationRange } from '../../../contract/reconciliation.ts';
import { coalesce } from '../../coalesce.ts';
import { type Columns, jsonColumns } from '../../columns.ts';
import type { DeadLetterStore } from '../../dead-letters.ts';
import type { IdSeries } from '../../ids.ts';
import type { StoredResponse } from '../../stored-response.ts';
import { type ClickHouse, databaseOf } from '../engine.ts';
import type { Locks } from '../writers/locks.ts';
import { deadLettersInRows } from './dead-letters.ts';
import { type IdColumn, idsIn } from './ids.ts';
import { importedMarksIn } from './imported-marks.ts';
import type { RowOutboxes } from './outbox.ts';
import { type ReconciliationColumns, reconciliationOf } from './reconciliation.ts';
import { markOf } from './relay-mark.ts';
import { clickhouseSaver, type SaveSpec } from './save.ts';
import { type NewestRows, newestRows } from './table.ts';
import { type Writer, writerOf } from './writer.ts';

/** What the ClickHouse repositories of one service build on: its database in an engine. */
export interface ClickHouseStore {
  readonly database: string;
  readonly engine: ClickHouse;
  /** Ids of a series; each is given once, and none that is in the column where they are used. */
  ids(name: string, used?: IdColumn): Ids;
  /**
   * The table of the service's states, whose rows carry their events and marks. There is one: what must be written
   * together is in one table.
   */
  states<S extends Versioned, Skip extends keyof S = never>(spec: StatesSpec<S, Skip>): States<S>;
  /** The one way into another table that has `position` and `written_by`. */
  writer(table: string): Writer;
  /** The answer kept under a request key. */
  findAnswer(key: string): Promise<StoredResponse | undefined>;
  readonly deadLetters: DeadLetterStore;
  /** Gives back the ids that were not used. To be called before the engine is closed. */
  close(): Promise<void>;
}

/** How the states of a service are kept. `Skip` names fields that no column keeps. */
export interface StatesSpec<S extends Versioned, Skip extends keyof S = never>
  extends Omit<SaveSpec<S>, 'columns' | 'json'> {
  readonly columns: Columns<S, Skip>;
}

/** The states of a service. */
export interface States<S> extends NewestRows<S> {
  save(ctx: Ctx, change: Change<S>): Promise<S>;
  /** The writer that `save` uses: for a row that announces nothing, with the version of the row before it. */
  readonly writer: Writer;
  /** What a range of them comes to. */
  figures(columns: ReconciliationColumns): (range: ReconciliationRange) => Promise<Reconciliation>;
}

/** Names this process and its start, in what it writes. */
export const PROCESS = `${hostname()} ${process.pid} ${randomBytes(4).toString('hex')}`;

export interface StoreParts {
  readonly engine: ClickHouse;
  readonly locks: Locks;
  readonly outboxes: RowOutboxes;
  /** Differs from this process's own only where a test plays several. */
  readonly process?: string;
}

/** Makes the store of one service over an open engine. */
export function clickhouseStore(
  { engine, locks, outboxes, process = PROCESS }: StoreParts,
  contract: Contract,
): ClickHouseStore {
  const service = contract.name;
  const database = databaseOf(engine, service);
  const tableOf = (name: string): string => `${database}.${name}`;
  const writer = (name: string): Writer => writerOf({ engine, locks, process, table: tableOf(name) });
  const series: IdSeries[] = [];
  const ids = (name: string, used?: IdColumn): Ids => {
    const column = used && { ...used, table: tableOf(used.table) };
    const one = idsIn(engine, tableOf('ids'), writer('ids'), name, column);
    series.push(one);
    return one;
  };
  const marks = importedMarksIn(engine, tableOf('kept_mark'));
  let findInRows: ((keys: readonly string[]) => Promise<StoredResponse[]>) | undefined;

  const findAnswer = coalesce<string, StoredResponse | undefined>({
    name: `${service} request`,
    maxInFlight: 2,
    run: async (keys) => {
      const found = (await Promise.all([findInRows?.(keys) ?? [], marks.answers(keys)])).flat();
      const byKey = new Map(found.map((one) => [one.key, one]));
      return keys.map((key) => byKey.get(key));
    },
  });

  return {
    database,
    engine,
    ids,
    writer,
    findAnswer,
    async close() {
      // One after the other: they write the same table.
      for (const one of series) await one.close();
    },
    deadLetters: deadLettersInRows({
      engine,
      table: tableOf('dead_letter'),
      writer: writer('dead_letter'),
      ids: ids('dead_letters', { table: 'dead_letter', column: 'id' }),
    }),
    states<S extends Versioned, Skip extends keyof S>(given: StatesSpec<S, Skip>) {
      const columns = Object.keys(given.columns) as (keyof S & string)[];
      const json = jsonColumns(given.columns) as (keyof S & string)[];
      const spec: SaveSpec<S> = { ...given, table: tableOf(given.table), columns, json };
      const rows = newestRows<S>(engine, spec);
      const into = writerOf({
        engine,
        locks,
        process,
        table: spec.table,
        floor: () => markOf(engine, tableOf('relay')),
        onWritten: (written) => outboxes.written(service, written),
        onLost: () => outboxes.lost(service),
      });
      findInRows = answersIn(engine, rows, spec);
      return {
        ...rows,
        writer: into,
        save: clickhouseSaver<S>({ engine, contract, writer: into, marks }, spec),
        figures: (columns) => reconciliationOf(engine, rows, spec, columns),
      };
    },
  };
}

/** The answers that are kept in the rows of the states. */
function answersIn<S extends Versioned>(engine: ClickHouse, { stateOf }: NewestRows<S>, spec: SaveSpec<S>) {
  const text = `select request_key, request_print, ${[...spec.columns, 'version'].join(', ')} from ${spec.table}
    where request_key in {keys:Array(String)}`;
  return async (keys: readonly string[]): Promise<StoredResponse[]> => {
    const answered = await engine.query<Record<string, unknown>>(text, { keys });
    return answered.map((row) => ({
      key: row.request_key as string,
      fingerprint: row.request_print as string,
      result: withoutSecrets(stateOf(row), spec.secrets ?? []),
    }));
  };
}

function withoutSecrets<S extends object>(state: S, secrets: readonly (keyof S)[]): object {
  return Object.fromEntries(Object.entries(state).filter(([name]) => !secrets.includes(name as keyof S)));
}
