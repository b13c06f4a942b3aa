import type { Announcement } from '../../announcements.ts';
import type { Asked, Outboxes, WaitingEvent, WaitingEvents } from '../../outbox.ts';
import type { ClickHouse } from '../engine.ts';
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

/**
 * What is known of one service. All up to `mark` was handed out, and is published but for what is in `left`; `recent`
 * are the rows behind it, as far as known.
 */
interface Progress {
  mark: number;
  /** In their order: what was handed out and is not done with, and what was passed over for it. */
  left: WaitingEvent[];
  askedAt: number;
  kept: number;
  keptAt: number;
  recent: Row[];
  /** Nothing waits in the table that is not in `recent`. */
  whole: boolean;
}

type Row = Pick<Written, 'position'> & { readonly events: string };

/** A relay that is killed publishes again what it published since, and every consumer knows that already. */
const KEEP_EVERY_MS = 1_000;
const MOST_RECENT = 10_000;
/** So many events of one service are kept in memory because they, or others before them, are refused. */
const MOST_LEFT = 5_000;
const MOST_COUNTED = 100_000;
/** Who was not asked for so long did not lead: another has published since. A leader looks every second. */
const LED_MS = 3_000;

/** The outboxes of some services in one engine. */
export function rowOutboxes({ engine, tables, shared, tellOthers }: OutboxParts): RowOutboxes {
  const known = new Map<string, Progress>();
  const early = new Map<string, Row[]>();
  let heard = (): void => undefined;

  function tableOf(service: string): { events: string; relay: string } {
    const table = tables.get(service);
    if (!table) throw new Error(`${service} announces nothing here`);
    return table;
  }

  async function progressOf(service: string): Promise<Progress> {
    const there = known.get(service);
    const now = performance.now();
    if (there && (!shared || now - there.askedAt < LED_MS)) return Object.assign(there, { askedAt: now });
    const mark = await markOf(engine, tableOf(service).relay);
    if (there) {
      // Another one has led since, and has brought on all up to there.
      if (mark > there.kept) {
        Object.assign(there, { left: there.left.filter(({ position }) => position > mark), kept: mark });
      }
      move(there, mark);
      return Object.assign(there, { askedAt: now });
    }
    const recent = early.get(service) ?? [];
    const progress = { mark, left: [], askedAt: now, kept: mark, keptAt: 0, recent, whole: false };
    move(progress, mark);
    known.set(service, progress);
    return progress;
  }

  /** What of a service may be handed out now. All that is behind the mark then stays in `left` until it is done with. */
  async function waitingOf(service: string, held: readonly string[], limit: number): Promise<WaitingEvent[]> {
    const progress = await progressOf(service);
    const away = new Set(held);
    const open = (): WaitingEvent[] => progress.left.filter(({ subject }) => !away.has(subject));
    // What waits is kept in memory; with too much of it nothing more is read.
    while (open().length < limit && progress.left.length < MOST_LEFT) {
      const rows = await rowsBehind(service, progress, limit);
      progress.left.push(...rows.flatMap((row) => eventsOf(service, row)));
      move(progress, rows.at(-1)?.position ?? progress.mark);
      // Once is enough, unless all that came has to wait.
      if (rows.length === 0 || open().length > 0) break;
    }
    return open().slice(0, limit);
  }

  async function waitingIn(service: string): Promise<WaitingEvents> {
    const progress = known.get(service);
    const leads = progress !== undefined && performance.now() - progress.askedAt < LED_MS;
    const { events, relay } = tableOf(service);
    const mark = leads
      ? progress.mark
      : (await engine.query<{ mark: number }>(`select max(position) as mark from ${relay}`))[0]?.mark;
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

  async function rowsBehind(service: string, progress: Progress, limit: number): Promise<readonly Row[]> {
    const { recent, mark } = progress;
    const next = inARow(recent, mark, limit);
    if (next.length > 0) return next;
    if (progress.whole && recent.length === 0 && !shared) return [];
    const text = `select position, events from ${tableOf(service).events} where position > {mark:UInt64}
      order by position limit {limit:UInt32}`;
    // Before the look: what is lost while it lasts is lost all the same.
    progress.whole = true;
    const rows = await engine.query<Row>(text, { mark, limit }).catch((error: unknown) => {
      progress.whole = false;
      throw error;
    });
    if (rows.length === limit) progress.whole = false;
    return rows;
  }

  function move(progress: Progress, to: number): void {
    progress.mark = Math.max(progress.mark, to);
    const gone = progress.recent.findIndex(({ position }) => position > progress.mark);
    progress.recent.splice(0, gone === -1 ? progress.recent.length : gone);
  }

  // A relay of another process begins behind this: with what is left here, and what was published since comes again.
  async function keep(service: string, progress: Progress): Promise<void> {
    const [first] = progress.left;
    const mark = first === undefined ? progress.mark : Math.min(progress.mark, first.position - 1);
    if (mark <= progress.kept) return;
    progress.keptAt = performance.now();
    await engine.insert(tableOf(service).relay, [{ position: mark }]);
    progress.kept = mark;
  }

  return {
    async next(asked: ReadonlyMap<string, Asked>, limit) {
      // All of them first: what is published is so, whether it can be written down now or not.
      for (const [service, { done }] of asked) forget(await progressOf(service), done);
      // Of those that published nothing too: the end of a burst must be written down in the quiet that follows.
      for (const service of asked.keys()) {
        const progress = await progressOf(service);
        if (performance.now() - progress.keptAt > KEEP_EVERY_MS) await keep(service, progress);
      }
      if (limit === 0) return [];
      return (await Promise.all([...asked].map(([service, { held }]) => waitingOf(service, held, limit)))).flat();
    },
    async waiting(services) {
      return Promise.all(services.map(waitingIn));
    },
    wakeOthers: tellOthers,
    written(service, rows) {
      const progress = known.get(service);
      const recent = progress?.recent ?? early.get(service) ?? [];
      if (!progress) early.set(service, recent);
      for (const { position, events } of rows) recent.push({ position, events: String(events ?? '') });
      if (recent.length > MOST_RECENT) {
        recent.splice(0, recent.length - MOST_RECENT);
        if (progress) progress.whole = false;
      }
      heard();
    },
    lost(service) {
      const progress = known.get(service);
      if (progress) Object.assign(progress, { whole: false, recent: [] });
    },
    onAnnounced(listener) {
      heard = listener;
    },
    async flush() {
      for (const [service, progress] of known) await keep(service, progress);
    },
  };
}

/** Takes what is done with out of what is left: as a rule it is all of it. */
function forget(progress: Progress, done: readonly WaitingEvent[]): void {
  if (done.length === 0) return;
  const gone = new Set(done.map(({ id }) => id));
  progress.left = progress.left.filter(({ id }) => !gone.has(id));
}

/** Those that stand right behind `mark`, up to the first that is missing: another process wrote that one. */
function inARow(recent: readonly Row[], mark: number, limit: number): readonly Row[] {
  let n = 0;
  while (n < limit && recent[n]?.position === mark + n + 1) n++;
  return recent.slice(0, n);
}

function eventsOf(source: string, { position, events }: Row): WaitingEvent[] {
  if (events === '' || events === '[]') return [];
  const all = JSON.parse(events) as Announcement[];
  return all.map(({ data, ...event }) => ({ ...event, source, position, data: JSON.stringify(data) }));
}
