import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/**
 * The connections of a server and the requests that each of them has in flight. A server that stops waits for the
 * responses to complete requests only; Node would wait for an incomplete request until the client has sent it all.
 */

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** How long a client may take to send the rest of a request once the server stops. */
const REQUEST_GRACE_MS = 1_000;
/** How long a client may take to read a response once the server stops. */
const RESPONSE_GRACE_MS = 5_000;
const CHECK_INTERVAL_MS = 100;

export interface Connections {
  /**
   * Whether a request can't be answered, and must not be executed: the server stops, and the response before it closes
   * the connection.
   */
  isCutOff(request: IncomingMessage): boolean;
  /** Calls back when every complete request of a connection has its response. */
  afterAnswers(socket: Socket, then: () => void): void;
}

/** Lets a server stop when every accepted request is answered. Register it before the routes. */
export function endConnections(app: FastifyInstance): Connections {
  const exchanges = exchangesOf(app.server);
  const stop = { began: 0 };
  // Node treats a connection as idle once its response is written, and drops the part that the client has not read.
  (app.server as Server).closeIdleConnections = () => {
    for (const [socket, open] of exchanges) if (open.length > 0 && open.every(isDone)) socket.destroy();
  };
  app.addHook('preClose', async () => {
    stop.began = performance.now();
    const answering = new WeakMap<ServerResponse, number>();
    const timer = setInterval(() => {
      for (const [socket, open] of exchanges) if (isOver(open, stop.began, answering)) socket.destroy();
    }, CHECK_INTERVAL_MS).unref();
    app.server.once('close', () => clearInterval(timer));
  });
  return {
    isCutOff: (request) => stop.began > 0 && isBehindAnother(exchanges, request),
    afterAnswers(socket, then) {
      const pending = (exchanges.get(socket) ?? []).filter(
        ({ request, response }) => request.complete && !response.closed,
      );
      const closed = pending.map(({ response }) => new Promise((resolve) => response.once('close', resolve)));
      void Promise.all(closed).then(then);
    },
  };
}

function exchangesOf(server: FastifyInstance['server']): Map<Socket, readonly Exchange[]> {
  const exchanges = new Map<Socket, Exchange[]>();
  server.on('connection', (socket: Socket) => {
    exchanges.set(socket, []);
    socket.once('close', () => exchanges.delete(socket));
  });
  (server as Server).prependListener('request', (request, response) => {
    const { socket } = request;
    const open = exchanges.get(socket);
    if (!open) return;
    const [only] = open;
    // As a rule a connection has one request after the other.
    if (only && open.length === 1 && isDone(only)) open[0] = { request, response };
    else exchanges.set(socket, [...open.filter((one) => !isDone(one)), { request, response }]);
  });
  return exchanges;
}

function isBehindAnother(exchanges: Map<Socket, readonly Exchange[]>, request: IncomingMessage): boolean {
  const open = exchanges.get(request.socket) ?? [];
  return open.some((one) => one.request !== request && one.response.getHeader('connection') === 'close');
}

/** Whether a connection can be closed: nothing is in flight, or its grace period is over. */
function isOver(open: readonly Exchange[], began: number, answering: WeakMap<ServerResponse, number>): boolean {
  const now = performance.now();
  const awaited = open.filter(({ request, response }) => isTaken(request) && !response.writableFinished);
  if (awaited.length === 0) return now - began > REQUEST_GRACE_MS;
  return awaited.every(({ response }) => {
    if (!response.headersSent) return false;
    const since = answering.get(response) ?? now;
    answering.set(response, since);
    return now - since > RESPONSE_GRACE_MS;
  });
}

const isDone = ({ request, response }: Exchange): boolean => request.complete && response.writableFinished;

// A GET is handled before its body has arrived.
function isTaken({ complete, method }: IncomingMessage): boolean {
  return complete || method === 'GET' || method === 'HEAD';
}
