import { code, GENERATED, table } from './markdown.ts';
import { schemaFile } from './schema.ts';
import { clickhouseTables, postgresTables, type Table } from './tables.ts';

/** The schemas of one service, as text; one that cannot be kept in ClickHouse has none there. */
export interface Schemas {
  readonly service: string;
  readonly postgres: string;
  readonly clickhouse: string | undefined;
}

interface Side {
  readonly title: string;
  readonly tables: ReadonlyMap<string, Table>;
}

/** Both schemas side by side, from their dumps, and what a person must know who looks at them or moves between them. */
export function migrationPage(all: readonly Schemas[]): string {
  const both = all.filter(({ clickhouse }) => clickhouse !== undefined);
  const only = all.filter(({ clickhouse }) => clickhouse === undefined).map(({ service }) => service);
  const platform = sharedTables(all);
  return [
    GENERATED,
    '# Two stores',
    '',
    `Kept in PostgreSQL or in ClickHouse, as \`DB_DRIVER\` says: ${both.map(({ service }) => service).join(', ')}.`,
    `Always in PostgreSQL: ${only.map((service) => link(service, 'postgres', service)).join(', ') || 'nothing'}.`,
    ...INTRODUCTION,
    '',
    ...platformSection(both[0], platform),
    ...both.flatMap((schemas) => section(schemas, platform)),
  ].join('\n');
}

const INTRODUCTION = [
  'One suite of tests for each repository holds for both. This page is for whoever looks at the tables, changes them, or',
  'moves a shop.',
  '',
  '## How migrations run',
  '',
  'Both have numbered files, `src/services/<service>/migrations/<store>/0001_<what>.sql`, after those of the platform. What',
  'has run is kept with a checksum, in `tradepost_platform.migration` of the same store, and a file that was changed after',
  'it ran stops the start. `tradepost migrate` runs what is missing, `--plan` says what that is; every start does it too.',
  '',
  '- **PostgreSQL**: a file is one transaction, together with its line in the ledger. It has run, or it has not.',
  '- **ClickHouse** has no transaction: a file runs statement by statement, and is written down after the last one.',
  '  A start that was killed in between runs the whole file again, so every statement must be one that may:',
  '  `if not exists`, `add column if not exists`. A line that ends in a semicolon ends a statement. A migration that fills',
  '  a table needs a condition that finds nothing the second time.',
  '',
  '## What differs',
  '',
  table(
    ['', 'PostgreSQL', 'ClickHouse'],
    [
      ['a state', 'a row that is updated', 'a row for every version; the newest `version` and `position` count'],
      ['written together', 'what is in one transaction', 'one block of rows in one table, and nothing else'],
      ['events that wait', 'the table `outbox`', 'the column `events` of the row; `relay` says how far they are sent'],
      ['handled events', 'the table `inbox`', 'the column `mark`; from another store: `kept_mark`'],
      ['kept answers', 'the table `request`', '`request_key` and the row itself; from another store: `kept_mark`'],
      ['new ids', 'sequences', 'the table `ids`'],
      ['order of commits', 'the identity of the outbox', '`position`, counted up by the one who may write'],
      ['what is unique', 'a unique constraint', 'looked up while nobody else may write to the table'],
      ['what is true of a row', '`check`', '`constraint … check`, which refuses the whole block'],
      [
        'lookups',
        'indexes',
        'the order of the table; `projection … (select _part_offset order by …)` on columns that never change',
      ],
      ['on disk at', 'the commit', 'the answer to the insert (`fsync_after_insert`)'],
      ['ids', '`bigint`', '`UInt64`'],
      ['money', '`bigint`, minor units', '`Int64`, minor units'],
      ['times', '`timestamp with time zone`', "`DateTime64(3, 'UTC')`: milliseconds, as `ctx.now` has them"],
      ['words of a small set', '`text` with a check', '`LowCardinality(String)` with a check'],
      ['lists and objects', '`json`', '`String` with JSON in it'],
      ['nothing', '`null`', '`Nullable(…)` where it means something'],
    ],
  ),
  '',
  '## Moving a shop',
  '',
  'Stop every process, then:',
  '',
  '```bash',
  'tradepost db copy --from postgres --to clickhouse',
  '```',
  '',
  'and start with `DB_DRIVER=clickhouse`; `--from clickhouse --to postgres` is the way back. `tradepost db copy --help` says',
  'the rest.',
];

/** Tables that every service has: they are the platform's. */
function sharedTables(all: readonly Schemas[]): ReadonlySet<string> {
  const ofAll = (texts: readonly string[], read: (dump: string) => Map<string, Table>): string[] => {
    const [first, ...others] = texts.map(read);
    return [...(first?.keys() ?? [])].filter((name) => others.every((tables) => tables.has(name)));
  };
  const rows = all.flatMap(({ clickhouse }) => clickhouse ?? []);
  return new Set([
    ...ofAll(
      all.map(({ postgres }) => postgres),
      postgresTables,
    ),
    ...ofAll(rows, clickhouseTables),
  ]);
}

function platformSection(first: Schemas | undefined, platform: ReadonlySet<string>): string[] {
  if (!first) return [];
  return ['## What every service has', '', ...tablesOf(first, (name) => platform.has(name))];
}

function section(schemas: Schemas, platform: ReadonlySet<string>): string[] {
  const { service } = schemas;
  const links = [link(service, 'postgres', 'PostgreSQL'), link(service, 'clickhouse', 'ClickHouse')];
  return [
    `## ${service}`,
    '',
    `The whole schema, as text: ${links.join(', ')}.`,
    '',
    ...viewsOf(schemas),
    ...tablesOf(schemas, (name) => !platform.has(name)),
  ];
}

function viewsOf({ clickhouse = '' }: Schemas): string[] {
  const views = [...clickhouse.matchAll(/^CREATE (?:MATERIALIZED )?VIEW [^.]+\.(\w+)/gm)].map(([, name = '']) =>
    code(name),
  );
  return views.length === 0 ? [] : [`Beside its tables, views in ClickHouse: ${views.join(', ')}.`, ''];
}

const link = (service: string, driver: 'postgres' | 'clickhouse', title: string): string =>
  `[${title}](../${schemaFile(service, driver)})`;

function tablesOf({ postgres, clickhouse = '' }: Schemas, wanted: (name: string) => boolean): string[] {
  const sides: Side[] = [
    { title: 'PostgreSQL', tables: postgresTables(postgres) },
    { title: 'ClickHouse', tables: clickhouseTables(clickhouse) },
  ];
  const names = new Set(sides.flatMap(({ tables }) => [...tables.keys()]).filter(wanted));
  return [...names].sort().flatMap((name) => [`### ${name}`, '', sideBySide(name, sides), '']);
}

function sideBySide(name: string, sides: readonly Side[]): string {
  const there = sides.filter(({ tables }) => tables.has(name));
  const tables = there.map(({ tables }) => tables.get(name) as Table);
  const columns = new Set(tables.flatMap((one) => [...one.columns.keys()]));
  const cells = (what: (one: Table) => readonly string[]) => tables.map((one) => what(one).map(code).join('<br>'));
  return table(
    ['column', ...there.map(({ title }) => title)],
    [
      ...[...columns].map((column) => [column, ...cells((one) => [one.columns.get(column) ?? []].flat())]),
      ['*order*', ...cells(({ order }) => [order])],
      ['*checks*', ...cells(({ checks }) => checks)],
      ['*ways to it*', ...cells(({ ways }) => ways)],
    ].filter(([, ...rest]) => rest.some((cell) => cell !== '')),
  );
}
