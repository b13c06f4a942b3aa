import type { ServerResponse } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';

/**
 * Server-sent events: how the values of a streaming operation are sent, how a peer reads them, and how a stream ends.
 * A stream is endless, so it must not keep a server from stopping, and a client that does not read must not fill memory.
 */

/** The open streams of a server; they are ended before it waits for its requests. */
export interface OpenStreams {
  /** Calls `end` when the server stops; the returned function removes it. */
  add(end: () => void): () => void;
}

/** Tracks the streams of a server, and ends them when it begins to close. */
export function openStreams(app: FastifyInstance): OpenStreams {
  const ends = new Set<() => void>();
  app.addHook('preClose', async () => {
    for (const end of ends) end();
  });
  return {
    add(end) {
      ends.add(end);
      return () => ends.delete(end);
    },
  };
}

/** Often enough that no proxy closes the connection as idle. */
const HEARTBEAT_MS = 15_000;
/** When a client should reconnect. */
const RETRY_MS = 2_000;
/** How long a client that does not read may delay a server that stops. */
const CLOSE_GRACE_MS = 1_000;

interface StreamOptions {
  readonly encode: (value: unknown) => string;
  /** Called at every heartbeat: throws when the client has lost its access. */
  readonly stillAllowed: () => unknown;
  /** Called when the values end with an error; the client only sees a closed connection. */
  readonly onError: (error: unknown) => void;
  readonly heartbeatMs?: number;
}

/** A stream of bytes that can be ended from outside, as if its values had ended. */
export interface EventStream {
  readonly body: Readable;
  end(): void;
}

/**
 * The values as server-sent events. A value is requested only when the client has read the last one, so nothing is
 * buffered; a client that reads nothing from one heartbeat to the next is disconnected.
 */
export function eventStream(values: AsyncIterable<unknown>, options: StreamOptions): EventStream {
  const { encode, stillAllowed, onError, heartbeatMs = HEARTBEAT_MS } = options;
  const iterator = values[Symbol.asyncIterator]();
  let reading = false;
  let ended = false;
  const body = new Readable({
    highWaterMark: 1,
    read: () => void pull(),
    destroy(error, done) {
      ended = true;
      clearInterval(timer);
      void iterator.return?.();
      done(error);
    },
  });
  const timer = setInterval(() => void heartbeat(), heartbeatMs).unref();

  function end(): void {
    if (ended) return;
    ended = true;
    clearInterval(timer);
    body.push(null);
    void iterator.return?.();
  }

  async function pull(): Promise<void> {
    if (reading || ended) return;
    reading = true;
    try {
      const { done, value } = await iterator.next();
      reading = false;
      if (done) end();
      else if (!ended) body.push(`data: ${encode(value)}\n\n`);
    } catch (error) {
      if (!ended) onError(error);
      body.destroy();
    }
  }

  async function heartbeat(): Promise<void> {
    try {
      await stillAllowed();
    } catch {
      return end();
    }
    // The client has not read the last heartbeat.
    if (body.readableLength > 0) body.destroy();
    else if (!ended) body.push(': still here\n\n');
  }

  body.push(`retry: ${RETRY_MS}\n\n`);
  return { body, end };
}

/** Answers with a stream of events, which ends with the client, with the server, or by itself. */
export function answerStream(
  values: AsyncIterable<unknown>,
  options: StreamOptions,
  reply: FastifyReply,
  streams: OpenStreams,
): FastifyReply {
  const { body, end } = eventStream(values, options);
  track(streams, body, end, reply.raw);
  return reply.headers(HEADERS).send(body);
}

/** Answers HEAD with the head of a stream: its values end before they begin. */
export async function answerStreamHead(values: AsyncIterable<unknown>, reply: FastifyReply): Promise<FastifyReply> {
  await values[Symbol.asyncIterator]().return?.();
  // No Content-Length, as the length of a stream is unknown.
  return reply.headers(HEADERS).send(Readable.from([]));
}

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // The connection is not reused, so that a server that stops need not wait for it.
  connection: 'close',
  // Keeps reverse proxies from buffering the response.
  'x-accel-buffering': 'no',
};

/** Forwards a stream of another process; it ends with that stream, with the client, or with this server. */
export function passStream(from: Readable, reply: FastifyReply, streams: OpenStreams): FastifyReply {
  const body = new PassThrough();
  let ended = false;
  from.once('end', () => {
    ended = true;
  });
  from.once('close', () => {
    if (!ended) body.destroy();
  });
  from.on('error', () => body.destroy());
  body.once('close', () => from.destroy());
  const end = () => {
    ended = true;
    from.unpipe(body);
    body.end();
  };
  track(streams, body, end, reply.raw);
  return reply.header('connection', 'close').send(from.pipe(body));
}

function track(streams: OpenStreams, body: Readable, end: () => void, raw: ServerResponse): void {
  const forget = streams.add(() => {
    end();
    setTimeout(() => raw.destroy(), CLOSE_GRACE_MS).unref();
  });
  raw.once('close', forget);
  body.once('error', () => undefined);
}

/** The decoded messages of a stream of events. Leaving the loop ends the stream. */
export function readEvents(body: Readable, decode: (json: unknown) => unknown): AsyncIterable<unknown> {
  async function* messages(): AsyncGenerator<unknown, void> {
    let text = '';
    for await (const chunk of body.setEncoding('utf8') as AsyncIterable<string>) {
      const blocks = (text + chunk).split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) if (block.startsWith('data: ')) yield decode(JSON.parse(block.slice(6)));
    }
  }
  const generator = messages();
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => generator.next(),
      // The generator's own `return` would wait for the next chunk.
      async return() {
        body.destroy();
        return { done: true, value: undefined };
      },
    }),
  };
}
