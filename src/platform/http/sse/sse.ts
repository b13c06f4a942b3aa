import type { ServerResponse } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';

/**
 * Server-sent events: how the values of a streaming operation go out, how they are read again by a peer, and how
 * they end. A stream has no end of its own, so it must not keep a server from stopping, nor a client that does not
 * read it fill the memory.
 */

/** The streams that a server has open; all end before it waits for its requests. */
export interface OpenStreams {
  /** Calls `end` when the server stops; the answer takes it off the list. */
  add(end: () => void): () => void;
}

/** Keeps the streams of a server, and ends them when it begins to close. */
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

/** Often enough that no proxy takes the silence for an end. */
const HEARTBEAT_MS = 15_000;
/** When a client should come again after an end. */
const RETRY_MS = 2_000;
/** How long a client that does not read may hold up a server that stops. */
const FAREWELL_MS = 1_000;

interface StreamOptions {
  readonly encode: (value: unknown) => string;
  /** Asked at every heartbeat: throws when the client may not listen any longer. */
  readonly stillAllowed: () => unknown;
  /** Told when the values end with an error; the client only sees that its connection breaks. */
  readonly onError: (error: unknown) => void;
  readonly heartbeatMs?: number;
}

/** A stream of bytes that can be ended from outside as if its values had come to an end. */
export interface EventStream {
  readonly body: Readable;
  end(): void;
}

/**
 * The values as server-sent events. A value is asked for only when the client has taken the last one, so nothing
 * piles up; a client that takes nothing from one heartbeat to the next is dropped.
 */
export function eventStream(values: AsyncIterable<unknown>, options: StreamOptions): EventStream {
  const { encode, stillAllowed, onError, heartbeatMs = HEARTBEAT_MS } = options;
  const iterator = values[Symbol.asyncIterator]();
  let waiting = false;
  let ended = false;
  const body = new Readable({
    highWaterMark: 1,
    read: () => void pull(),
    destroy(error, done) {
      ended = true;
      clearInterval(heart);
      void iterator.return?.();
      done(error);
    },
  });
  const heart = setInterval(() => void beat(), heartbeatMs).unref();

  function end(): void {
    if (ended) return;
    ended = true;
    clearInterval(heart);
    body.push(null);
    void iterator.return?.();
  }

  async function pull(): Promise<void> {
    if (waiting || ended) return;
    waiting = true;
    try {
      const { done, value } = await iterator.next();
      waiting = false;
      if (done) end();
      else if (!ended) body.push(`data: ${encode(value)}\n\n`);
    } catch (error) {
      if (!ended) onError(error);
      body.destroy();
    }
  }

  async function beat(): Promise<void> {
    try {
      await stillAllowed();
    } catch {
      return end();
    }
    // What the last heartbeat left here has not been taken since.
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
  keep(streams, body, end, reply.raw);
  return reply.headers(HEADERS).send(body);
}

/** Answers HEAD with the head of a stream: its values end before they begin. */
export async function answerStreamHead(values: AsyncIterable<unknown>, reply: FastifyReply): Promise<FastifyReply> {
  await values[Symbol.asyncIterator]().return?.();
  // No length is said, as none is known of the stream.
  return reply.headers(HEADERS).send(Readable.from([]));
}

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // Nothing follows on this connection, so that a server that stops need not wait for it.
  connection: 'close',
  // Told to reverse proxies that would collect an answer before they pass it on.
  'x-accel-buffering': 'no',
};

/** Passes on a stream that comes from another process; it ends with that one, with the client, or with this server. */
export function passStream(from: Readable, reply: FastifyReply, streams: OpenStreams): FastifyReply {
  const body = new PassThrough();
  let over = false;
  from.once('end', () => {
    over = true;
  });
  from.once('close', () => {
    if (!over) body.destroy();
  });
  from.on('error', () => body.destroy());
  body.once('close', () => from.destroy());
  const end = () => {
    over = true;
    from.unpipe(body);
    body.end();
  };
  keep(streams, body, end, reply.raw);
  return reply.header('connection', 'close').send(from.pipe(body));
}

function keep(streams: OpenStreams, body: Readable, end: () => void, raw: ServerResponse): void {
  const forget = streams.add(() => {
    end();
    setTimeout(() => raw.destroy(), FAREWELL_MS).unref();
  });
  raw.once('close', forget);
  body.once('error', () => undefined);
}

/** The messages of a stream of events, decoded. Going away from the loop ends the stream. */
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
      // A generator that waits for the next chunk would hear of the end only after that chunk.
      async return() {
        body.destroy();
        return { done: true, value: undefined };
      },
    }),
  };
}
