import type { Unwritable } from '../writes.ts';
import { type ClickHouse, databaseOf } from './engine.ts';
import { clickhouseFaultOf } from './faults.ts';

/** Writes a row that replaces the one before: what it needs is what a save needs. Throws what the client throws. */
export function probeClickHouse(engine: Pick<ClickHouse, 'prefix' | 'insert' | 'command'>): () => Promise<void> {
  const database = databaseOf(engine, 'platform');
  let made = false;
  return async () => {
    if (!made) {
      await engine.command(`create database if not exists ${database}`);
      await engine.command(`create table if not exists ${database}.health (at DateTime64(3, 'UTC'))
        engine = ReplacingMergeTree(at) order by tuple()`);
      made = true;
    }
    await engine.insert(`${database}.health`, [{ at: new Date().toISOString() }]);
  };
}

/** What an error says of writing; undefined for one that says nothing of the engine. */
export function clickhouseWriteFault(error: unknown): Unwritable | undefined {
  const fault = clickhouseFaultOf(error);
  if (fault) return fault;
  const { type, cause } = (error ?? {}) as { type?: string; cause?: unknown };
  if (type !== undefined) return { sentence: `ClickHouse refuses to write (${type})` };
  return cause === undefined ? undefined : clickhouseWriteFault(cause);
}
