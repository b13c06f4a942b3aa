import assert from 'node:assert/strict';
import { test } from 'node:test';
import { migrationPage, type Schemas } from './migration.ts';
import { clickhouseTables, postgresTables } from './tables.ts';

const POSTGRES = `-- a head

create schema tradepost_note;

create sequence tradepost_note.note_ids;

create table tradepost_note.inbox (
  consumer text not null,
  constraint inbox_pkey PRIMARY KEY (consumer)
) with (fillfactor=90);

create table tradepost_note.notes (
  note_id bigint not null,
  "time" timestamp with time zone not null,
  state text not null default 'a, b'::text,
  constraint known CHECK ((state = ANY (ARRAY['a, b'::text, 'c'::text]))),
  constraint notes_pkey PRIMARY KEY (note_id)
);

CREATE INDEX notes_by_time ON tradepost_note.notes USING btree ("time", note_id);
`;

const CLICKHOUSE = `-- a head

CREATE DATABASE tradepost_note;

CREATE TABLE tradepost_note.relay
(
    \`position\` UInt64
)
ENGINE = ReplacingMergeTree(position)
ORDER BY tuple()
SETTINGS index_granularity = 8192;

CREATE TABLE tradepost_note.notes
(
    \`note_id\` UInt64,
    \`time\` DateTime64(3, 'UTC'),
    \`year\` UInt16 MATERIALIZED toYear(time),
    CONSTRAINT known CHECK state IN ('a, b', 'c'),
    INDEX by_position position TYPE minmax GRANULARITY 1,
    PROJECTION years
    (
        SELECT
            year,
            count()
        GROUP BY year
    )
)
ENGINE = MergeTree
PARTITION BY year
ORDER BY (note_id, version)
SETTINGS fsync_after_insert = 1;

CREATE MATERIALIZED VIEW tradepost_note.notes_each_year TO tradepost_note.years
(
    \`year\` UInt16
)
AS SELECT year FROM tradepost_note.notes;
`;

const note: Schemas = { service: 'note', postgres: POSTGRES, clickhouse: CLICKHOUSE };
const parcel: Schemas = {
  service: 'parcel',
  postgres: POSTGRES.replaceAll('note', 'parcel'),
  clickhouse: undefined,
};

test('a table of PostgreSQL is read from its dump', () => {
  const tables = postgresTables(POSTGRES);
  assert.deepEqual([...tables.keys()], ['inbox', 'notes']);
  assert.deepEqual(tables.get('notes'), {
    name: 'notes',
    columns: new Map([
      ['note_id', 'bigint not null'],
      ['time', 'timestamp with time zone not null'],
      ['state', "text not null default 'a, b'::text"],
    ]),
    order: 'PRIMARY KEY (note_id)',
    checks: ["known CHECK ((state = ANY (ARRAY['a, b'::text, 'c'::text])))"],
    ways: ['notes_by_time USING btree ("time", note_id)'],
  });
});

test('a table of ClickHouse is read from its dump, without the settings that all have', () => {
  const tables = clickhouseTables(CLICKHOUSE);
  assert.deepEqual([...tables.keys()], ['relay', 'notes']);
  assert.deepEqual(tables.get('notes'), {
    name: 'notes',
    columns: new Map([
      ['note_id', 'UInt64'],
      ['time', "DateTime64(3, 'UTC')"],
      ['year', 'UInt16 MATERIALIZED toYear(time)'],
    ]),
    order: 'ENGINE = MergeTree PARTITION BY year ORDER BY (note_id, version)',
    checks: ["known CHECK state IN ('a, b', 'c')"],
    ways: [
      'INDEX by_position position TYPE minmax GRANULARITY 1',
      'PROJECTION years ( SELECT year, count() GROUP BY year )',
    ],
  });
});

test('a table that cannot be read stops the page', () => {
  assert.throws(() => postgresTables(`${POSTGRES}\ncreate table tradepost_note.odd (a int);\n`), /3 tables .* 2 could/);
  assert.throws(() => clickhouseTables(`${CLICKHOUSE}\nCREATE TABLE a.b (c UInt8);\n`), /3 tables .* 2 could/);
});

test('the page has both sides of a table, the tables of the platform once, and who is in PostgreSQL only', () => {
  const page = migrationPage([note, parcel]);
  assert.match(page, /as `DB_DRIVER` says: note\./);
  assert.match(
    page,
    /Always in PostgreSQL: \[parcel\]\(\.\.\/src\/services\/parcel\/migrations\/postgres\/schema\.sql\)\./,
  );
  assert.match(page, /^\| note_id \| `bigint not null` \| `UInt64` \|$/m);
  assert.match(page, /^\| state \| `text not null default 'a, b'::text` \| {2}\|$/m);
  assert.match(page, /views in ClickHouse: `notes_each_year`\./);
  assert.equal(page.match(/^### inbox$/gm)?.length, 1);
  assert.ok(page.indexOf('### inbox') < page.indexOf('## note'), 'what every service has comes first');
});
