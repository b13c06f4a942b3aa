import pg from 'pg';
import type { Log } from '../../observability/log.ts';
import { connectionOf } from './address.ts';
import { databaseReason, translate } from './faults.ts';
import { NO_LIMITS } from './postgres.ts';

/**
 * One connection of its own, for what lasts longer than a statement: locks that make a process the only one, and
 * the wish to be told. When the connection is lost so are its locks; it is opened again by itself.
 */
export interface DatabaseSession {
  /** Those of the given names that this process holds now; asks for what it does not have yet, without waiting. */
  claim(names: readonly string[]): Promise<ReadonlySet<string>>;
  holds(name: string): boolean;
  /** Gives a lock back. */
  yield(name: string): Promise<void>;
  /** Calls back for every notification on a channel; without a payload when some may have been missed. */
  listen(channel: string, heard: (payload: string | undefined) => void): Promise<void>;
  close(): Promise<void>;
}

const AGAIN_MS = 500;
// A server that vanished with its machine ends no connection: only a question without an answer tells.
const ASK_EVERY_MS = 5_000;
const SILENCE_MS = 10_000;
const OPENING = `set statement_timeout = '10s'; set lock_timeout = 0; ${NO_LIMITS}`;

/** Opens a session on a database. */
export function openSession(url: string, log: Log, applicationName = 'tradepost session'): DatabaseSession {
  const held = new Set<string>();
  const listeners = new Map<string, (payload: string | undefined) => void>();
  let connection: Promise<pg.Client> | undefined;
  let closed = false;

  function connected(): Promise<pg.Client> {
    if (closed) throw new Error('the session was closed');
    if (!connection) {
      const opening = open();
      connection = opening;
      opening.catch(() => {
        if (connection === opening) connection = undefined;
      });
    }
    return connection;
  }

  async function open(): Promise<pg.Client> {
    const client = await openClient(url, applicationName, {
      onNotification: (channel, payload) => listeners.get(channel)?.(payload),
      onLost(error) {
        held.clear();
        connection = undefined;
        if (closed) return;
        if (error)
          log.warn({ reason: databaseReason(error) }, 'the session with the database ended; it is opened again');
        setTimeout(() => void reopen(), AGAIN_MS).unref();
      },
    });
    for (const channel of listeners.keys()) await client.query(`listen ${channel}`);
    for (const heard of listeners.values()) heard(undefined);
    return client;
  }

  const { send, idle } = inTurn(connected);

  // Who listens would never hear of the loss otherwise; who wants a lock asks again by itself.
  async function reopen(): Promise<void> {
    if (closed || connection || listeners.size === 0) return;
    await connected().catch(() => setTimeout(() => void reopen(), AGAIN_MS).unref());
  }

  return {
    holds: (name) => held.has(name),
    async claim(names) {
      const wanted = names.filter((name) => !held.has(name));
      if (wanted.length > 0 && !closed) {
        const { rows } = await send<{ name: string }>(CLAIM, [wanted]);
        for (const { name } of rows) held.add(name);
      }
      return new Set(names.filter((name) => held.has(name)));
    },
    async yield(name) {
      if (held.delete(name)) await send(YIELD, [name]);
    },
    async listen(channel, heard) {
      listeners.set(channel, heard);
      await send(`listen ${channel}`);
    },
    async close() {
      closed = true;
      held.clear();
      await idle();
      const client = await connection?.catch(() => undefined);
      await client?.end().catch(() => undefined);
    },
  };
}

/** Sends one statement after the other, as a connection takes them. */
function inTurn(connected: () => Promise<pg.Client>) {
  let last: Promise<unknown> = Promise.resolve();
  return {
    send<R extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<pg.QueryResult<R>> {
      const sent = last.then(async () => (await connected()).query<R>(text, values));
      last = sent.catch(() => undefined);
      return sent.catch((error: unknown) => {
        throw translate(error);
      });
    },
    /** After all that was sent. */
    idle: () => last,
  };
}

interface ClientEvents {
  onNotification(channel: string, payload: string | undefined): void;
  /** Called once, when the connection is gone. */
  onLost(error: Error | undefined): void;
}

/** A connection that is watched: silence is a loss. */
async function openClient(url: string, applicationName: string, events: ClientEvents): Promise<pg.Client> {
  const client = new pg.Client({
    ...connectionOf(url),
    keepAlive: true,
    connectionTimeoutMillis: SILENCE_MS,
    query_timeout: SILENCE_MS,
    application_name: applicationName,
  });
  let over = false;
  const lost = (error?: Error): void => {
    if (over) return;
    over = true;
    clearInterval(asking);
    events.onLost(error);
  };
  client.on('notification', ({ channel, payload }) => events.onNotification(channel, payload));
  client.on('error', lost);
  client.on('end', lost);
  const asking = setInterval(() => {
    client.query('select 1').catch((error: Error) => {
      lost(error);
      client.end().catch(() => undefined);
    });
  }, ASK_EVERY_MS).unref();
  await client.connect();
  await client.query(OPENING);
  return client;
}

const CLAIM = 'select name from unnest($1::text[]) name where pg_try_advisory_lock(hashtextextended(name, 7205759403))';
const YIELD = 'select pg_advisory_unlock(hashtextextended($1, 7205759403))';
