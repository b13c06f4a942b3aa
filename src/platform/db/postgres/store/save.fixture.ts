import { type Static, Type } from 'typebox';
import { testDatabase } from '../../../../testing/databases.ts';
import type { TestEngine } from '../../../config/config.ts';
import { Amount, type Change, type Ctx, contract, event, Id, type Versioned } from '../../../contract/contract.ts';
import { systemCtx } from '../../../contract/ctx.ts';
import { AppError } from '../../../contract/errors.ts';
import { minor } from '../../../contract/money.ts';
import type { Columns } from '../../columns.ts';
import { migrate } from '../migrate.ts';
import { migrationSet } from '../migration-set.ts';
import { type Database, openDatabase } from '../postgres.ts';
import { type PostgresStore, postgresStore } from './store.ts';
import type { StateTableSpec } from './table.ts';

export const NOW = '2026-07-28T09:30:00.000Z';

const Toy = Type.Object({
  toy_id: Id(),
  name: Type.String(),
  price: Amount(),
  number: Type.Union([Type.Integer(), Type.Null()]),
});

/** A toy as it is kept. `number` is given by the database, `stock` only by a change that is `restocked`. */
export interface ToyState extends Static<typeof Toy>, Versioned {
  readonly stock: number;
  readonly password: string;
  readonly restocked: boolean;
}

const toyEvents = {
  made: event('toy.made', 'a toy was made', Toy),
  changed: event('toy.changed', 'a toy changed', Toy),
};

export const toyContract = contract({
  name: 'toy',
  summary: 'Toys.',
  port: 3997,
  topic: 'toys',
  ops: {},
  events: toyEvents,
  errors: {},
});

const TABLE = `
  create table tradepost_toy.toys (
    toy_id bigint primary key, name text not null constraint name_once unique, price bigint not null,
    number bigint, stock bigint not null constraint stock_not_negative check (stock >= 0), password text not null,
    version integer not null, search text generated always as (lower(name)) stored);
  create table tradepost_toy.numbered (like tradepost_toy.toys including all);
  create sequence tradepost_toy.toy_ids;`;

const columns: Columns<ToyState, 'restocked'> = {
  toy_id: 'bigint',
  name: 'text',
  price: 'bigint',
  number: 'bigint',
  stock: 'bigint',
  password: 'text',
};

type Spec = StateTableSpec<ToyState, 'restocked'>;

/** Toys that are kept as most things are. */
export const plain: Spec = {
  table: 'toys',
  key: 'toy_id',
  columns,
  secrets: ['password'],
  transient: { restocked: 'boolean' },
  reads: { restocked: 'false' },
  updates: { stock: 'case when r.restocked then r.stock else t.stock end' },
  conflicts: {
    name_once: ({ name }) => new AppError('TOY_NAME_TAKEN', 'conflict', `there is a ${name} already`),
  },
};

/** Toys to which the database gives a number, and to no toy without a name. */
export const numbered: Spec = {
  ...plain,
  table: 'numbered',
  assigned: {
    names: ['number'],
    ctes: `counted as (select e.*, row_number() over (order by toy_id) +
      (select coalesce(max(number), 0) from tradepost_toy.numbered) as nth from eligible e where name <> '')`,
    select: 'select toy_id, name, price, nth, stock, password, 1 from counted',
  },
};

export function at(more: Partial<Ctx> = {}): Ctx {
  return Object.freeze({ ...systemCtx(NOW), ...more });
}

/** A key of a request, as HTTP makes it. */
export const keyed = (key: string, fingerprint = 'f'): Partial<Ctx> => ({
  request: { op: 'toy.make', key, fingerprint },
});

/** The mark of an event that is being handled. */
export const caused = (nth: number, consumer = 'toy.consumer'): Partial<Ctx> => ({
  cause: { consumer, eventId: `01985000-0000-7000-8000-${String(nth).padStart(12, '0')}` },
});

export function make(toy_id: number, more: Partial<ToyState> = {}): Change<ToyState> {
  const facts = { name: `toy ${toy_id}`, price: minor(1_250), number: null, stock: 5, password: 'secret' };
  const next: ToyState = { toy_id, ...facts, restocked: true, version: 0, ...more };
  return { next, events: [toyEvents.made(toy_id, next)] };
}

export function change(state: ToyState, more: Partial<ToyState>): Change<ToyState> {
  const next = { ...state, restocked: false, ...more };
  return { next, events: [toyEvents.changed(state.toy_id, next)] };
}

/** A database with the tables of toys, and stores on it as two processes would have them. */
export interface KeptToys {
  readonly db: Database;
  readonly store: PostgresStore;
  readonly other: PostgresStore;
  rows(text: string): Promise<Record<string, unknown>[]>;
  /** Empties every table. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

export async function keptToys(engine: TestEngine): Promise<KeptToys> {
  const database = await testDatabase(engine, { empty: true });
  const [db, otherDb] = [openDatabase(database.url), openDatabase(database.url)];
  await migrate(db, [migrationSet('toy')]);
  await db.script(TABLE);
  return {
    db,
    store: postgresStore(db, toyContract),
    other: postgresStore(otherDb, toyContract),
    rows: (text) => db.query<Record<string, unknown>>({ name: '', text }),
    clear: () =>
      db.script(`truncate ${['toys', 'numbered', 'outbox', 'request', 'inbox'].map((one) => `tradepost_toy.${one}`)}`),
    async close() {
      await Promise.all([db.close(), otherDb.close()]);
      await database.drop();
    },
  };
}
