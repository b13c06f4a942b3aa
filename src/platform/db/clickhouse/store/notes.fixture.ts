import type { StoreTarget } from '../clickhouse.fixture.ts';
import type { ClickHouse } from '../engine.ts';
import { type LockHandle, type Locks, processLocks } from '../writers/locks.ts';
import type { Writer } from './writer.ts';

/** A table with one way in. */
export const NOTES = `create table {{schema}}.note (
  text String, position UInt64, written_by LowCardinality(String),
  constraint not_empty check text != '',
  index by_position position type minmax granularity 1
) engine = MergeTree order by position
settings fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000`;

export interface Note {
  readonly text: string;
  readonly position: number;
}

export const notesIn = (engine: ClickHouse, { database }: StoreTarget): Promise<Note[]> =>
  engine.query<Note>(`select text, position from ${database}.note order by position, text`);
export const noting = (...texts: string[]) => ({ rows: texts.map((text) => ({ text })), answer: texts.length });
export const note = (writer: Writer, ...texts: string[]) => writer.write(async () => noting(...texts));
export const textsOf = (notes: readonly Note[]) => notes.map(({ text }) => text);
export const placesOf = (notes: readonly Note[]) => notes.map(({ position }) => position);
export const upTo = (last: number) => Array.from({ length: last }, (_, n) => n + 1);

/** Locks that let everybody in at once, as a Redis does that has forgotten. */
export function lyingLocks(): Locks {
  const always: LockHandle = { term: 0, assertHeld: () => undefined };
  return { ...processLocks(), shared: true, alone: (_, work) => work(always) };
}
