import { Connection } from 'rabbitmq-client';
import type { Log } from '../../observability/log.ts';
import { withTimeout } from '../timeout.ts';

/** How long RabbitMQ has to answer a request about a queue. */
export const ANSWER_MS = 5_000;

/** Opens a connection without waiting for it; it is opened again by itself. */
export function openAmqpConnection(url: string, log: Log): Connection {
  const connection = new Connection({
    url,
    heartbeat: 10,
    acquireTimeout: 3_000,
    connectionTimeout: 3_000,
    retryLow: 200,
    retryHigh: 2_000,
    noDelay: true,
  });
  let away = false;
  connection.on('error', (error: Error) => {
    if (!away) log.warn({ reason: error.message }, 'RabbitMQ does not answer; the bus tries again');
    away = true;
  });
  connection.on('connection', () => {
    away = false;
  });
  return connection;
}

/** A connection in whose place another one can be opened. */
export interface ReplaceableConnection {
  current(): Connection;
  /**
   * Destroys a connection, and opens another one if it is the current one. A queue that recovers from a crash may leave
   * a request unanswered for a minute, and its channel cannot be closed meanwhile: only a new connection helps.
   */
  replace(failed: Connection): void;
  /** Closes the current one; nothing is opened any more. */
  close(): Promise<void>;
}

/** Opens the first connection. */
export function replaceableConnection(connect: () => Connection, closing: AbortSignal): ReplaceableConnection {
  let current = connect();
  return {
    current: () => current,
    replace(failed) {
      failed.unsafeDestroy();
      if (failed === current && !closing.aborted) current = connect();
    },
    close: () => withTimeout(ANSWER_MS, 'late', current.close()).catch(() => current.unsafeDestroy()),
  };
}
