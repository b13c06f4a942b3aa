import type { Change, Contract, Ctx, Versioned } from '../../../contract/contract.ts';
import { DuplicateEvent, DuplicateRequest } from '../../../contract/duplicates.ts';
import { type AppError, common } from '../../../contract/errors.ts';
import { checkPrecondition, endPrecondition, hasPrecondition } from '../../../contract/requests/precondition.ts';
import { type Announcement, announcementsOf } from '../../announcements.ts';
import { coalesce } from '../../coalesce.ts';
import { type Database, rowFaultInPostgres, violatedConstraint } from '../postgres.ts';
import { type JournalShape, type PostgresTableShape, saveStatement, type Variant } from './save-statement.ts';

/** How the states of one table are saved. */
export interface TableSpec<S extends Versioned> extends PostgresTableShape {
  readonly key: keyof S & string;
  /** Fields that the kept answer of a request with an Idempotency-Key leaves out. */
  readonly secrets?: readonly (keyof S & string)[];
  /** States that share one of these never meet in a statement: each must see what the other did. */
  readonly apart?: (state: S) => readonly string[];
  /** Records what is announced in the statement that announces it. */
  readonly journal?: Journal;
  /** Constraint name to the error that it stands for. */
  readonly conflicts?: Readonly<Record<string, (state: S) => AppError>>;
}

/** A table of this service in which its own events are recorded. */
export interface Journal extends JournalShape {
  /** The row of an event; undefined for one that is not recorded. */
  rowOf(event: Announcement & { readonly source: string }): object | undefined;
}

interface Pending<S> {
  readonly ctx: Ctx;
  readonly change: Change<S>;
  readonly announcements: readonly OutboxRow[];
}

interface OutboxRow extends Announcement {
  readonly row_key: unknown;
  /** Keeps the order of the events of a statement, which a join may lose. */
  n: number;
}

interface SavedRow {
  readonly saved?: boolean;
  readonly repeated?: boolean;
}

/**
 * The `save` of a repository: the row with `version + 1` if ours is still the newest, its events in the outbox,
 * the inbox mark when an event caused it and the request key when it has one, all in one commit. Concurrent saves
 * are coalesced. A change without events writes nothing.
 * Throws STALE when somebody else was first, PRECONDITION_FAILED when what the request named in If-Match has changed, the error declared for a violated constraint, or `DuplicateRequest`
 * and `DuplicateEvent`, which the platform handles.
 */
export function postgresSaver<S extends Versioned>(
  db: Database,
  contract: Contract,
  spec: TableSpec<S>,
): (ctx: Ctx, change: Change<S>) => Promise<S> {
  const statements = new Map<string, { name: string; text: string }>();

  function statement(variant: Variant): { name: string; text: string } {
    const name = `save ${spec.schema}.${spec.table} ${variant.insert ? 'insert' : 'update'}${variant.marks ? ' marks' : ''}`;
    const known = statements.get(name);
    if (known) return known;
    const made = { name, text: saveStatement(spec, variant) };
    statements.set(name, made);
    return made;
  }

  async function run(insert: boolean, batch: readonly Pending<S>[]): Promise<(S | Error)[]> {
    const marks = batch.some(({ ctx }) => ctx.request !== undefined || ctx.cause !== undefined);
    const rows = batch.map(({ ctx, change }) => (marks ? markedRow(ctx, change.next, spec.secrets) : change.next));
    const announced = batch.flatMap(({ announcements }) => announcements);
    for (const [n, row] of announced.entries()) row.n = n;
    const documents: object[][] = [rows, announced];
    if (spec.journal) documents.push(journalRows(spec.journal, contract.name, announced));
    const answers = await db.query<SavedRow & Record<string, unknown>>(
      statement({ insert, marks }),
      documents.map((document) => JSON.stringify(document)),
    );
    db.announced();
    const byKey = new Map<unknown, (typeof answers)[number]>(answers.map((row) => [row[spec.key as string], row]));
    return batch.map(({ ctx, change }) => outcome(ctx, change.next, byKey.get(change.next[spec.key])));
  }

  function queue(insert: boolean): (pending: Pending<S>) => Promise<S> {
    return coalesce<Pending<S>, S>({
      name: `save ${spec.table} ${insert ? 'insert' : 'update'}`,
      run: (batch) => run(insert, batch),
      keys: ({ ctx, change: { next } }) => [
        ...batchKeys(insert ? undefined : String(next[spec.key]), ctx),
        ...(spec.apart?.(next) ?? []),
      ],
      faultOfOneRow: rowFaultInPostgres,
    });
  }

  const inserts = queue(true);
  const updates = queue(false);

  return async (ctx, change) => {
    if (change.events.length === 0) return change.next;
    const pending = { ctx, change, announcements: outboxRows(contract, spec.key, ctx, change) };
    if (hasPrecondition(ctx)) await checkPrecondition(ctx);
    try {
      const saved = await (change.next.version === 0 ? inserts(pending) : updates(pending));
      endPrecondition(ctx);
      return saved;
    } catch (error) {
      throw meaningOf(error, pending, spec);
    }
  };
}

function journalRows({ rowOf, payload }: Journal, source: string, events: readonly Announcement[]): object[] {
  return events.flatMap((event) => {
    const row = rowOf({ ...event, source });
    return row ? [{ ...row, [payload]: undefined }] : [];
  });
}

function outcome<S extends Versioned>(
  ctx: Ctx,
  next: S,
  row: (SavedRow & Record<string, unknown>) | undefined,
): S | Error {
  if (row?.repeated) return ctx.request ? new DuplicateRequest() : new DuplicateEvent();
  if (!row || row.saved === false) return common.STALE();
  const { saved: _saved, repeated: _repeated, ...assigned } = row;
  return { ...next, ...assigned, version: next.version + 1 };
}

function meaningOf<S extends Versioned>(error: unknown, { ctx, change }: Pending<S>, spec: TableSpec<S>): unknown {
  const constraint = violatedConstraint(error);
  if (constraint === undefined) return error;
  // Two processes may go on with one request under one id: the row of the other is its answer.
  const taken = constraint === `${spec.table}_pkey` && change.next.version === 0 && ctx.request !== undefined;
  if (constraint === 'request_pkey' || taken) return new DuplicateRequest();
  if (constraint === 'inbox_pkey') return new DuplicateEvent();
  const declared = spec.conflicts?.[constraint];
  return declared ? declared(change.next) : error;
}

// Two saves of one row, or of one request, must not meet in a statement: each would not see the other.
function batchKeys(row: string | undefined, { request, cause }: Ctx): readonly string[] {
  const keys: string[] = row === undefined ? [] : [row];
  if (request) keys.push(request.key);
  if (cause) keys.push(`${cause.consumer} ${cause.eventId}`);
  return keys;
}

function markedRow<S extends Versioned>(ctx: Ctx, next: S, secrets: readonly (keyof S & string)[] = []): object {
  const hidden = Object.fromEntries(secrets.map((name) => [name, undefined]));
  return {
    ...next,
    request_key: ctx.request?.key,
    request_print: ctx.request?.fingerprint,
    snapshot: ctx.request && { ...next, ...hidden, version: next.version + 1 },
    marked_at: ctx.now,
    consumer: ctx.cause?.consumer,
    event_id: ctx.cause?.eventId,
  };
}

const outboxRows = <S extends Versioned>(
  contract: Contract,
  key: keyof S & string,
  ctx: Ctx,
  change: Change<S>,
): OutboxRow[] =>
  announcementsOf(contract, ctx, change.events).map((event) => ({ row_key: change.next[key], n: 0, ...event }));
