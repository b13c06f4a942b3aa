import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/**
 * The connections of a server, and which of them hold a request that was taken. A server that stops waits for the
 * answers to those, and for nothing else: Node itself would wait for half a request as long as it takes to come.
 */

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** How long the rest of a request may take to come once the server stops. */
const LAST_CALL_MS = 1_000;
/** How long a client may take to read an answer once the server stops. */
const FAREWELL_MS = 5_000;
const LOOK_EVERY_MS = 100;

/** Calls back when a connection owes no answer any longer to a request that came whole. */
export type AfterAnswers = (socket: Socket, then: () => void) => void;

/** Lets a server stop when the last request that it took is answered. Register it before the routes. */
export function endConnections(app: FastifyInstance): AfterAnswers {
  const exchanges = exchangesOf(app.server);
  const stop = { began: 0 };
  // Node's own takes a connection for idle as soon as its answer is written, and cuts what the client has not read.
  (app.server as Server).closeIdleConnections = () => {
    for (const [socket, open] of exchanges) if (open.length > 0 && open.every(isDone)) socket.destroy();
  };
  app.addHook('onRequest', (request, reply, done) => {
    // The answer before this one says that the connection ends: this one would not arrive, so it has no effect.
    if (stop.began > 0 && isBehindAnother(exchanges, request.raw)) reply.hijack();
    else done();
  });
  app.addHook('preClose', async () => {
    stop.began = performance.now();
    const answering = new WeakMap<ServerResponse, number>();
    const timer = setInterval(() => {
      for (const [socket, open] of exchanges) if (isOver(open, stop.began, answering)) socket.destroy();
    }, LOOK_EVERY_MS).unref();
    app.server.once('close', () => clearInterval(timer));
  });
  return (socket, then) => {
    const owed = (exchanges.get(socket) ?? []).filter(({ request, response }) => request.complete && !response.closed);
    void Promise.all(owed.map(({ response }) => new Promise((resolve) => response.once('close', resolve)))).then(then);
  };
}

function exchangesOf(server: FastifyInstance['server']): Map<Socket, readonly Exchange[]> {
  const exchanges = new Map<Socket, readonly Exchange[]>();
  server.on('connection', (socket: Socket) => {
    exchanges.set(socket, []);
    socket.once('close', () => exchanges.delete(socket));
  });
  (server as Server).prependListener('request', (request, response) => {
    const { socket } = request;
    const before = exchanges.get(socket);
    if (!before) return;
    const open = before.filter((one) => !isDone(one));
    exchanges.set(socket, [...open, { request, response }]);
  });
  return exchanges;
}

function isBehindAnother(exchanges: Map<Socket, readonly Exchange[]>, request: IncomingMessage): boolean {
  const open = exchanges.get(request.socket) ?? [];
  return open.some((one) => one.request !== request && one.response.getHeader('connection') === 'close');
}

/** Whether nothing on a connection is worth waiting for any longer. */
function isOver(open: readonly Exchange[], began: number, answering: WeakMap<ServerResponse, number>): boolean {
  const now = performance.now();
  const awaited = open.filter(({ request, response }) => isTaken(request) && !response.writableFinished);
  if (awaited.length === 0) return now - began > LAST_CALL_MS;
  return awaited.every(({ response }) => {
    if (!response.headersSent) return false;
    const since = answering.get(response) ?? now;
    answering.set(response, since);
    return now - since > FAREWELL_MS;
  });
}

const isDone = ({ request, response }: Exchange): boolean => request.complete && response.writableFinished;

// Nobody waits for the body of a GET.
function isTaken({ complete, method }: IncomingMessage): boolean {
  return complete || method === 'GET' || method === 'HEAD';
}
