/**
 * The SQL of a save: many states of one table, with their events, their request keys and their inbox marks, in
 * one statement and so in one commit. Rows and events arrive as two JSON documents, because one text parameter
 * is cheaper to send and to read than a dozen arrays. What a batch does not need is left out of its statement.
 */
export interface PostgresTableShape {
  readonly schema: string;
  readonly table: string;
  /** The column of the id. */
  readonly key: string;
  /** Column to SQL type, without `version`. */
  readonly columns: Readonly<Record<string, string>>;
  /** Fields of the state that the statement may read and the table does not keep. */
  readonly transient?: Readonly<Record<string, string>>;
  /**
   * Column to the expression of an update, over `r` (the given row), `t` (the stored one) and `locked` (see `locks`);
   * otherwise `r.column`.
   */
  readonly updates?: Readonly<Record<string, string>>;
  /**
   * Columns that an update reads from the row that it has locked: what stands there when its turn has come, which the
   * row that it sees first may not be.
   */
  readonly locks?: readonly string[];
  /** Columns that an update computes: the state, its events and its kept answer get them as they were written. */
  readonly computed?: readonly string[];
  /**
   * A data-modifying statement in the same commit, over `rows` (what was given), `saved` (the ids that were written) and,
   * in an update, `locked`.
   */
  readonly beside?: Readonly<Record<'insert' | 'update', string>>;
  /** Columns that the database gives a value at the insert. */
  readonly assigned?: AssignedColumns;
  /** Another table, in which the statement records what is announced. */
  readonly journal?: JournalShape;
}

/** A table of events; a row that is there already stays as it is. */
export interface JournalShape {
  readonly table: string;
  /** The column of the event's id. */
  readonly key: string;
  /** The column of its payload. */
  readonly payload: string;
  /** Column to SQL type. */
  readonly columns: Readonly<Record<string, string>>;
}

/** Columns whose values only the database can give, such as a gapless number. */
export interface AssignedColumns {
  readonly names: readonly string[];
  /** CTEs that come before the insert and may read `eligible`, the rows that will go in. */
  readonly ctes: string;
  /**
   * A select of all columns in the order of `columns`, then 1 for the version, over the CTEs. A row that it leaves
   * out is not saved, and its save throws STALE.
   */
  readonly select: string;
}

export interface Variant {
  readonly insert: boolean;
  /** Some row carries a request key or a cause. */
  readonly marks: boolean;
}

const EVENT_COLUMNS =
  'n integer, row_key bigint, id uuid, type text, subject text, data json, time timestamptz, trace text, correlation text, causation uuid, actor text, about text';
const OUTBOX = 'id, type, subject, data, time, trace, correlation, causation, actor, about';
const MARK_COLUMNS =
  'request_key text, request_print text, snapshot json, marked_at timestamptz, consumer text, event_id uuid';

/**
 * The text for a variant: $1 is the rows, $2 their events, $3 the rows of the journal, if there is one. Answers one row
 * per saved state when it must tell.
 */
export function saveStatement(shape: PostgresTableShape, variant: Variant): string {
  // What the database assigned at the insert is part of the state ever after, so an update adds only what it computes.
  const given = { ...shape, added: addedNames(shape, variant) };
  const ctes = [
    rowsCte(shape, variant),
    eligibleCte(shape, variant),
    variant.insert ? insertCte(shape) : updateCte(shape),
    ...(shape.beside ? [`beside as (${shape.beside[variant.insert ? 'insert' : 'update']})`] : []),
    outboxCte(given),
    ...(shape.journal ? [journalCte(shape.schema, shape.journal)] : []),
    ...(variant.marks ? markCtes(given) : []),
  ];
  return `with ${ctes.join(',\n')}\n${answer(given, variant)}`;
}

/** The columns whose values the database has decided. */
function addedNames({ assigned, computed = [] }: PostgresTableShape, { insert }: Variant): readonly string[] {
  return insert ? (assigned?.names ?? []) : computed;
}

type Given = PostgresTableShape & { readonly added: readonly string[] };

function rowsCte(shape: PostgresTableShape, { marks }: Variant): string {
  const columns = Object.entries({ ...shape.columns, ...shape.transient }).map(([name, type]) => `${name} ${type}`);
  const all = [...columns, 'version integer', ...(marks ? [MARK_COLUMNS] : [])].join(', ');
  return `rows as materialized (select * from json_to_recordset($1::json) as r(${all}))`;
}

function eligibleCte({ schema }: PostgresTableShape, { marks }: Variant): string {
  if (!marks) return 'eligible as (select * from rows)';
  // With a limit, so that each row is looked up by itself: "not exists" may be planned as a look at the whole table.
  return `eligible as (select * from rows r where
    (r.request_key is null or
      (select 1 from ${schema}.request q where q.key = r.request_key limit 1) is null) and
    (r.event_id is null or
      (select 1 from ${schema}.inbox b where b.consumer = r.consumer and b.event_id = r.event_id limit 1) is null))`;
}

function insertCte({ schema, table, key, columns, assigned }: PostgresTableShape): string {
  const names = Object.keys(columns).join(', ');
  const from = assigned ? assigned.select : `select ${names}, 1 from eligible`;
  const returning = [key, ...(assigned?.names ?? [])].join(', ');
  const insert = `saved as (insert into ${schema}.${table} (${names}, version) ${from} returning ${returning})`;
  return assigned ? `${assigned.ctes},\n${insert}` : insert;
}

function updateCte({ schema, table, key, columns, updates, locks = [], computed = [] }: PostgresTableShape): string {
  const sets = Object.keys(columns)
    .filter((name) => name !== key)
    .map((name) => `${name} = ${updates?.[name] ?? `r.${name}`}`);
  // By "= any(array(…))", so that rows are found by their keys: how many a JSON document holds is nothing that the
  // planner knows, and for a guess it would read the whole index.
  // Rows are locked in the order of their ids, as every statement that touches several does: no two wait in a circle.
  return `locked as materialized (select ${[key, ...locks].join(', ')} from ${schema}.${table}
    where ${key} = any(array(select ${key} from eligible)) order by ${key} for no key update),
  saved as (update ${schema}.${table} t set ${sets.join(', ')}, version = t.version + 1
    from eligible r join locked using (${key})
    where t.${key} = r.${key} and t.version = r.version and t.${key} = any(array(select ${key} from eligible))
    returning ${[key, ...computed].map((name) => `t.${name}`).join(', ')})`;
}

function outboxCte({ schema, key, added, journal }: Given): string {
  const data = withAdded('e.data', added);
  const values = OUTBOX.split(', ').map((name) => (name === 'data' ? data : `e.${name}`));
  return `announced as (insert into ${schema}.outbox (${OUTBOX}) select ${values.join(', ')}
    from json_to_recordset($2::json) as e(${EVENT_COLUMNS}) join saved s on s.${key} = e.row_key
    order by e.n${journal ? ' returning position, id, data' : ''})`;
}

// The payload is in the outbox already, so it is sent and read once.
function journalCte(schema: string, { table, key, payload, columns }: JournalShape): string {
  const names = Object.keys(columns).filter((name) => name !== payload);
  const typed = names.map((name) => `${name} ${columns[name]}`).join(', ');
  return `recorded as (insert into ${schema}.${table} (${names.join(', ')}, ${payload})
    select ${names.map((name) => `j.${name}`).join(', ')}, a.data
    from json_to_recordset($3::json) as j(${typed}) join announced a on a.id = j.${key}
    order by a.position on conflict (${key}) do nothing)`;
}

function markCtes({ schema, key, added }: Given): string[] {
  return [
    `answered as (insert into ${schema}.request (key, fingerprint, result, created_at)
    select r.request_key, r.request_print, ${withAdded('r.snapshot', added)}, r.marked_at
    from eligible r join saved s on s.${key} = r.${key} where r.request_key is not null)`,
    `handled as (insert into ${schema}.inbox (consumer, event_id, handled_at)
    select r.consumer, r.event_id, r.marked_at
    from eligible r join saved s on s.${key} = r.${key} where r.event_id is not null)`,
  ];
}

/** Puts what the database has decided into a JSON document, as the state has it. */
function withAdded(json: string, added: readonly string[]): string {
  if (added.length === 0) return json;
  const pairs = added.map((name) => `'${name}', s.${name}`).join(', ');
  return `(${json}::jsonb || jsonb_build_object(${pairs}))::json`;
}

function answer({ key, added }: Given, { marks }: Variant): string {
  if (!marks) return `select ${[key, ...added].join(', ')} from saved`;
  const extra = added.map((name) => `, s.${name}`).join('');
  return `select r.${key}, s.${key} is not null as saved, e.${key} is null as repeated${extra}
    from rows r left join eligible e on e.${key} = r.${key} left join saved s on s.${key} = r.${key}`;
}
