/** A table as a dump tells it: what stands in its columns, and what stands beside them. */
export interface Table {
  readonly name: string;
  /** Column to its type and whatever follows it. */
  readonly columns: ReadonlyMap<string, string>;
  /** The order of the rows: a primary key, or the engine with what the table is ordered by. */
  readonly order: string;
  readonly checks: readonly string[];
  /** Other ways to its rows. */
  readonly ways: readonly string[];
}

/** The tables of a dump of PostgreSQL, by name. Throws for one that it cannot read. */
export function postgresTables(dump: string): Map<string, Table> {
  const ways = [...dump.matchAll(/^CREATE (UNIQUE INDEX|INDEX) (\w+) ON [^.]+\.(\w+) (.*);$/gm)];
  const tables = [...dump.matchAll(/^create table [^.]+\.(\w+) \(\n([\s\S]*?)\n\)[^\n]*;$/gm)].map((found): Table => {
    const [, name = '', body = ''] = found;
    const lines = body.split(/,\n(?= {2}\S)/).map((line) => line.trim());
    const constraints = lines.filter((line) => line.startsWith('constraint ')).map((line) => line.slice(11));
    const primary = constraints.find((line) => / PRIMARY KEY /.test(line));
    const indexes = ways.filter((one) => one[3] === name);
    return {
      name,
      columns: columnsOf(lines.filter((line) => !line.startsWith('constraint '))),
      order: primary?.replace(/^\w+ /, '') ?? 'none',
      checks: constraints.filter((line) => line !== primary),
      ways: indexes.map(([, kind, index, , how]) => `${index} ${kind === 'INDEX' ? '' : 'UNIQUE '}${how}`),
    };
  });
  return byName(tables, dump, /^create table /gm);
}

/** The tables of a dump of ClickHouse, by name. Throws for one that it cannot read. */
export function clickhouseTables(dump: string): Map<string, Table> {
  const tables = [...dump.matchAll(/^CREATE TABLE [^.]+\.(\w+)\n\(\n([\s\S]*?)\n\)\n([\s\S]*?);$/gm)].map(
    (found): Table => {
      const [, name = '', body = '', tail = ''] = found;
      const items = body.split(/,\n(?= {4}\S)/).map((item) => item.trim().replace(/\s+/g, ' '));
      const of = (kind: string) => items.filter((item) => item.startsWith(kind));
      return {
        name,
        columns: columnsOf(items.filter((item) => item.startsWith('`'))),
        // How it writes is the same for all; the introduction says it.
        order: tail.replace(/\n?SETTINGS [\s\S]*$/, '').replaceAll('\n', ' '),
        checks: of('CONSTRAINT ').map((item) => item.slice(11)),
        ways: [...of('INDEX '), ...of('PROJECTION ')],
      };
    },
  );
  return byName(tables, dump, /^CREATE TABLE /gm);
}

function columnsOf(lines: readonly string[]): Map<string, string> {
  return new Map(
    lines.map((line) => {
      const [, name = '', rest = ''] = /^["`]?(\w+)["`]? (.*)$/s.exec(line) ?? [];
      return [name, rest];
    }),
  );
}

// A table that the pattern passes over would be missing on the page without a word.
function byName(tables: readonly Table[], dump: string, each: RegExp): Map<string, Table> {
  const count = dump.match(each)?.length ?? 0;
  if (count !== tables.length || tables.some(({ columns }) => columns.has('') || columns.size === 0)) {
    throw new Error(`of ${count} tables of a schema ${tables.length} could be read`);
  }
  return new Map(tables.map((table) => [table.name, table]));
}
