import type { Change, Contract, Ctx, Versioned } from '../../../contract/contract.ts';
import { DuplicateEvent, DuplicateRequest } from '../../../contract/duplicates.ts';
import { type AppError, common, invalid } from '../../../contract/errors.ts';
import { checkPrecondition, endPrecondition, hasPrecondition } from '../../../contract/requests/precondition.ts';
import { type Announcement, announcementsOf } from '../../announcements.ts';
import { coalesce } from '../../coalesce.ts';
import type { ClickHouse } from '../engine.ts';
import { rowFaultInClickHouse, violatedCheck } from '../refusals.ts';
import type { ImportedMarks } from './imported-marks.ts';
import type { ClickHouseTableShape } from './table.ts';
import type { Writer } from './writer.ts';

/** How the states of one table are saved. */
export interface SaveSpec<S extends Versioned> extends ClickHouseTableShape<S> {
  /** Fields that the kept answer of a request with an Idempotency-Key leaves out. */
  readonly secrets?: readonly (keyof S & string)[];
  /** What no two rows may share: a column with an index that never gets another value. */
  readonly unique?: readonly Unique<S>[];
  /** Saves that share one of these never meet in a block: each must see what the other did. */
  readonly apart?: (state: S) => readonly string[];
  /** What only the whole table can tell: the error of each change that must not be. Nobody writes meanwhile. */
  readonly refuse?: (changes: readonly S[]) => Promise<readonly (AppError | undefined)[]>;
  /** Fields that only the writer can give, such as a gapless number: for the states that will be written, in order. */
  readonly assign?: (states: readonly S[]) => Promise<readonly Partial<S>[]>;
  /** Check of the table to the error that it stands for. */
  readonly conflicts?: Readonly<Record<string, (state: S) => AppError>>;
  /** More columns of a row. */
  readonly extra?: (state: S) => object;
}

export interface Unique<S> {
  readonly column: string;
  readonly type: 'UInt64' | 'String';
  /** Undefined: this state takes none. Only asked of new ones. */
  readonly of: (state: S) => string | number | undefined;
  readonly error: (state: S) => AppError;
}

interface Pending<S> {
  readonly ctx: Ctx;
  readonly change: Change<S>;
  readonly announcements: readonly Announcement[];
}

/** What the table knows of the keys of a batch. */
interface Known {
  readonly versions: ReadonlyMap<number, number>;
  readonly taken: ReadonlySet<string>;
}

/** So many saves are one block: the engine takes as long for one as for hundreds. */
const LARGEST_BLOCK = 512;

/**
 * The `save` of a repository: one row with the state, `version + 1`, the events, the inbox mark and the request key,
 * because one block in one table is all that ClickHouse writes as a whole. Saves that wait at the same moment are
 * one block. Throws what the `save` over PostgreSQL throws (see `../../postgres/store/save.ts`).
 */
export function clickhouseSaver<S extends Versioned>(
  parts: {
    readonly engine: ClickHouse;
    readonly contract: Contract;
    readonly writer: Writer;
    readonly marks: ImportedMarks;
  },
  spec: SaveSpec<S>,
): (ctx: Ctx, change: Change<S>) => Promise<S> {
  const { contract, writer } = parts;
  const { unique = [], conflicts = {} } = spec;
  const lookUp = lookUpIn(parts, spec);

  const one = coalesce<Pending<S>, S>({
    name: `save ${spec.table}`,
    maxBatch: LARGEST_BLOCK,
    faultOfOneRow: rowFaultInClickHouse,
    keys: ({ ctx, change: { next } }) => [
      ...keysOf(spec, ctx, next),
      ...uniqueKeys(unique, next),
      ...(spec.apart?.(next) ?? []),
    ],
    run: (batch) =>
      writer.write(async () => {
        const known = await lookUp(batch);
        const refused = await spec.refuse?.(batch.map(({ change }) => change.next));
        const answers = batch.map((pending, n) => faultOf(spec, pending, known) ?? refused?.[n]);
        const good = batch.filter((_, n) => answers[n] === undefined);
        const given = (await spec.assign?.(good.map(({ change }) => change.next))) ?? [];
        const saved = good.map(({ change: { next } }, n) => ({ ...next, ...given[n], version: next.version + 1 }));
        const rows = saved.map((state, n) => rowOf(spec, good[n] as Pending<S>, state, given[n] ?? {}));
        const left = [...saved];
        return { rows, answer: answers.map((error) => error ?? (left.shift() as S)) };
      }),
  });

  return async (ctx, change) => {
    if (change.events.length === 0) return change.next;
    mustBeText(change.next);
    const pending = { ctx, change, announcements: announcementsOf(contract, ctx, change.events) };
    if (hasPrecondition(ctx)) await checkPrecondition(ctx);
    try {
      const saved = await one(pending);
      endPrecondition(ctx);
      return saved;
    } catch (error) {
      const check = violatedCheck(error);
      throw (check !== undefined && conflicts[check]?.(change.next)) || error;
    }
  };
}

interface LookUpParts {
  readonly engine: ClickHouse;
  readonly marks: ImportedMarks;
}

/** Asks in one statement what the table knows of the keys of a batch. */
function lookUpIn<S extends Versioned>(
  { engine, marks }: LookUpParts,
  { table, key, unique = [] }: SaveSpec<S>,
): (batch: readonly Pending<S>[]) => Promise<Known> {
  return async (batch) => {
    const ids = [...new Set(batch.map(({ change }) => change.next[key] as number))];
    const requests = batch.flatMap(({ ctx }) => (ctx.request ? [ctx.request.key] : []));
    const causes = batch.flatMap(({ ctx }) => (ctx.cause ? [markOf(ctx.cause)] : []));
    const params: Record<string, unknown> = { ids, requests, causes };
    const parts = [
      `select 'row' as what, toString(${key}) as name, max(version) as version from ${table}
        where ${key} in {ids:Array(UInt64)} group by ${key}`,
    ];
    const found = (what: string, column: string, type: string, values: string, from = table) =>
      parts.push(`select '${what}' as what, toString(${column}) as name, toUInt32(0) as version from ${from}
        where ${column} in {${values}:Array(${type})}`);
    if (requests.length > 0) found('request', 'request_key', 'String', 'requests');
    if (causes.length > 0) found('mark', 'mark', 'String', 'causes');
    if (requests.length + causes.length > 0 && (await marks.any())) {
      params.kept = [...requests, ...causes];
      found('kept', 'name', 'String', 'kept', marks.table);
    }
    for (const [n, { column, type, of }] of unique.entries()) {
      const values = batch.flatMap(({ change: { next } }) => (next.version === 0 ? [of(next)] : []));
      params[`unique${n}`] = values.filter((value) => value !== undefined);
      if (values.length > 0) found(`unique${n}`, column, type, `unique${n}`);
    }
    const rows = await engine.query<{ what: string; name: string; version: number }>(parts.join(' union all '), params);
    return {
      versions: new Map(rows.flatMap(({ what, name, version }) => (what === 'row' ? [[Number(name), version]] : []))),
      taken: new Set(rows.flatMap(({ what, name }) => (what === 'row' ? [] : [`${what} ${name}`]))),
    };
  };
}

/** Why a change must not be written. */
function faultOf<S extends Versioned>(
  { key, unique = [], conflicts = {} }: SaveSpec<S>,
  { ctx, change: { next } }: Pending<S>,
  { versions, taken }: Known,
): Error | undefined {
  const repeated = (what: string, name: string): boolean => taken.has(`${what} ${name}`) || taken.has(`kept ${name}`);
  if (ctx.request && repeated('request', ctx.request.key)) return new DuplicateRequest();
  if (ctx.cause && repeated('mark', markOf(ctx.cause))) return new DuplicateEvent();
  const version = versions.get(next[key] as number) ?? 0;
  if (next.version === 0) {
    for (const [n, { of, error }] of unique.entries()) if (taken.has(`unique${n} ${of(next)}`)) return error(next);
    // Two processes may go on with one request under one id: the row of the other is its answer.
    if (version > 0) return ctx.request ? new DuplicateRequest() : (conflicts[SAME_KEY]?.(next) ?? common.STALE());
    return undefined;
  }
  return version === next.version ? undefined : common.STALE();
}

/** Names the conflict of a new state whose id another one has. */
export const SAME_KEY = 'same_key';

/** A consumer and the event that it handled, as the column `mark` has them. */
const markOf = ({ consumer, eventId }: { consumer: string; eventId: string }): string => `${consumer} ${eventId}`;

function keysOf<S>({ key }: ClickHouseTableShape<S>, { request, cause }: Ctx, next: S): string[] {
  return [`row ${next[key]}`, ...(request ? [`request ${request.key}`] : []), ...(cause ? [markOf(cause)] : [])];
}

function uniqueKeys<S extends Versioned>(unique: readonly Unique<S>[], next: S): string[] {
  if (next.version > 0) return [];
  return unique.flatMap(({ column, of }) => (of(next) === undefined ? [] : [`${column} ${of(next)}`]));
}

function rowOf<S extends Versioned>(spec: SaveSpec<S>, pending: Pending<S>, state: S, given: object): object {
  const { columns, json = [], extra } = spec;
  const row: Record<string, unknown> = {};
  for (const name of columns) row[name] = json.includes(name) ? JSON.stringify(state[name]) : state[name];
  const { request, cause } = pending.ctx;
  const events = pending.announcements.map((event) => ({ ...event, data: { ...(event.data as object), ...given } }));
  return {
    ...row,
    ...extra?.(state),
    version: state.version,
    request_key: request?.key ?? '',
    request_print: request?.fingerprint ?? '',
    mark: cause ? markOf(cause) : '',
    events: JSON.stringify(events),
  };
}

// PostgreSQL refuses them too; here they would be kept and come back as something else.
const UNSTORABLE = /(?:^|[^\\])(?:\\\\)*\\u(?:0000|d[89a-f][0-9a-f]{2})/;

function mustBeText(state: object): void {
  if (UNSTORABLE.test(JSON.stringify(state))) {
    throw invalid('text may not contain the character U+0000 or half a character');
  }
}
