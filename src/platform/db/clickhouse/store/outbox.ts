import type { Asked, Outboxes, WaitingEvent, WaitingEvents } from '../../outbox.ts';
import type { ClickHouse } from '../engine.ts';
import {
  advance,
  eventsOf,
  forget,
  inARow,
  lose,
  markToKeep,
  newProgress,
  type OutboxProgress,
  type Row,
  remember,
  resume,
  stateOf,
} from './outbox-progress.ts';
import { markOf } from './relay-mark.ts';
import type { Written } from './writer.ts';

/** The outboxes of services whose rows carry their events: the relay reads them from the tables, in their order. */
export interface RowOutboxes extends Outboxes {
  /** The rows of a service that were written here a moment ago: as a rule the relay needs no look at the table. */
  written(service: string, rows: readonly Written[]): void;
  /** Something may have been written that nobody was told of. */
  lost(service: string): void;
  /** Calls back whenever rows with events were written here. */
  onAnnounced(listener: () => void): void;
  /** Keeps how far each service has come. */
  flush(): Promise<void>;
}

interface OutboxParts {
  readonly engine: ClickHouse;
  /** Service to the table that holds its events, and to the one that says how far the relay has come. */
  readonly tables: ReadonlyMap<string, { readonly events: string; readonly relay: string }>;
  /** Other processes write, too. */
  readonly shared: boolean;
  readonly tellOthers: () => Promise<void>;
}

/** A relay that is killed publishes again what it published since, and every consumer knows that already. */
const KEEP_EVERY_MS = 1_000;
/** So many events of one service are kept in memory because they, or others before them, are refused. */
const MOST_LEFT = 5_000;
const MOST_COUNTED = 100_000;

/** The outboxes of some services in one engine. */
export function rowOutboxes({ engine, tables, shared, tellOthers }: OutboxParts): RowOutboxes {
  const outboxes = new Map<string, ServiceOutbox>();
  let heard = (): void => undefined;

  function outboxOf(service: string): ServiceOutbox {
    const known = outboxes.get(service);
    if (known) return known;
    const table = tables.get(service);
    if (!table) throw new Error(`${service} announces nothing here`);
    const made = serviceOutbox({ engine, service, ...table, shared });
    outboxes.set(service, made);
    return made;
  }

  return {
    async next(asked: ReadonlyMap<string, Asked>, limit) {
      // All of them first: what is published is so, whether it can be written down now or not.
      for (const [service, { done }] of asked) await outboxOf(service).forget(done);
      // Of those that published nothing too: the end of a burst must be written down in the quiet that follows.
      for (const service of asked.keys()) await outboxOf(service).keepOften();
      if (limit === 0) return [];
      return (await Promise.all([...asked].map(([service, { held }]) => outboxOf(service).next(held, limit)))).flat();
    },
    waiting: async (services) => Promise.all(services.map((service) => outboxOf(service).waiting())),
    wakeOthers: tellOthers,
    written(service, rows) {
      // Of a service that announces nothing nobody asks.
      if (tables.has(service)) outboxOf(service).written(rows);
      heard();
    },
    lost(service) {
      outboxes.get(service)?.lost();
    },
    onAnnounced(listener) {
      heard = listener;
    },
    async flush() {
      for (const outbox of outboxes.values()) await outbox.flush();
    },
  };
}

interface ServiceParts {
  readonly engine: ClickHouse;
  readonly service: string;
  /** The table that holds its events, and the one that says how far the relay has come. */
  readonly events: string;
  readonly relay: string;
  readonly shared: boolean;
}

/** The outbox of one service; what it knows and how that changes is in `outbox-progress.ts`. */
interface ServiceOutbox {
  forget(done: readonly WaitingEvent[]): Promise<void>;
  /** Keeps how far it has come, if that was not done for a while. */
  keepOften(): Promise<void>;
  next(held: readonly string[], limit: number): Promise<WaitingEvent[]>;
  waiting(): Promise<WaitingEvents>;
  written(rows: readonly Written[]): void;
  lost(): void;
  flush(): Promise<void>;
}

function serviceOutbox(parts: ServiceParts): ServiceOutbox {
  const { engine, relay, shared } = parts;
  const progress = newProgress();

  async function lead(): Promise<void> {
    const now = performance.now();
    if (stateOf(progress, shared) !== 'leading') resume(progress, await markOf(engine, relay));
    progress.askedAt = now;
  }

  async function keep(): Promise<void> {
    const mark = markToKeep(progress);
    if (mark <= progress.kept) return;
    progress.keptAt = performance.now();
    await engine.insert(relay, [{ position: mark }]);
    progress.kept = mark;
  }

  return {
    async forget(done) {
      await lead();
      forget(progress, done);
    },
    async keepOften() {
      await lead();
      if (performance.now() - progress.keptAt > KEEP_EVERY_MS) await keep();
    },
    async next(held, limit) {
      await lead();
      return nextOf(parts, progress, { held, limit });
    },
    waiting: () => waitingOf(parts, progress),
    written: (rows) => remember(progress, rows),
    lost: () => lose(progress),
    async flush() {
      if (stateOf(progress, shared) !== 'unread') await keep();
    },
  };
}

interface Wish {
  readonly held: readonly string[];
  readonly limit: number;
}

/** What of a service may be handed out now. All that is behind the mark then stays in `left` until it is done with. */
async function nextOf(parts: ServiceParts, progress: OutboxProgress, { held, limit }: Wish): Promise<WaitingEvent[]> {
  const away = new Set(held);
  const open = (): WaitingEvent[] => progress.left.filter(({ subject }) => !away.has(subject));
  // What waits is kept in memory; with too much of it nothing more is read.
  while (open().length < limit && progress.left.length < MOST_LEFT) {
    const rows = await rowsBehind(parts, progress, limit);
    progress.left.push(...rows.flatMap((row) => eventsOf(parts.service, row)));
    advance(progress, rows.at(-1)?.position ?? 0);
    // Once is enough, unless all that came has to wait.
    if (rows.length === 0 || open().length > 0) break;
  }
  return open().slice(0, limit);
}

async function rowsBehind(
  { engine, events, shared }: ServiceParts,
  progress: OutboxProgress,
  limit: number,
): Promise<readonly Row[]> {
  const next = inARow(progress, limit);
  if (next.length > 0) return next;
  if (progress.whole && progress.recent.length === 0 && !shared) return [];
  const text = `select position, events from ${events} where position > {mark:UInt64}
    order by position limit {limit:UInt32}`;
  // Before the look: what is lost while it lasts is lost all the same.
  progress.whole = true;
  const rows = await engine.query<Row>(text, { mark: progress.mark, limit }).catch((error: unknown) => {
    progress.whole = false;
    throw error;
  });
  if (rows.length === limit) progress.whole = false;
  return rows;
}

async function waitingOf(
  { engine, service, events, relay }: ServiceParts,
  progress: OutboxProgress,
): Promise<WaitingEvents> {
  // A relay that does not ask any more publishes nothing: what the table says counts.
  const leads = stateOf(progress, true) === 'leading';
  const mark = leads ? progress.mark : await markOf(engine, relay);
  const text = `select sum(length(JSONExtractArrayRaw(announced))) as waiting, min(JSONExtractString(announced, 1, 'time')) as since
    from (select events as announced from ${events} where position > {mark:UInt64} and events not in ('', '[]') limit ${MOST_COUNTED})`;
  const [row] = await engine.query<{ waiting: number; since: string }>(text, { mark: mark ?? 0 });
  const left = leads ? progress.left : [];
  return {
    service,
    events: left.length + Number(row?.waiting ?? 0),
    since: left[0]?.time ?? (row?.since || undefined),
  };
}
