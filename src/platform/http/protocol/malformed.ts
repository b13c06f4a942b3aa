import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { type AppError, common, invalid } from '../../contract/errors.ts';
import { problemOf } from '../problem.ts';

/** What Node's parser ended with, the bytes that it read last, and where among them it ended. */
export interface ParserError extends Error {
  readonly code?: string;
  readonly rawPacket?: unknown;
  readonly bytesParsed?: number;
}

const REQUEST_LINE = /^[\w!#$%&'*+.^`|~-]+ [^\s]+ HTTP\/\d\.\d\r?\n/;
const LONG_ADDRESS = /^[A-Z]+ [^\s]{8193,}/;

const UNREADABLE: Record<string, (packet: string) => AppError> = {
  // A line that is one of HTTP, but for the name of its method.
  HPE_INVALID_METHOD: (packet) => (REQUEST_LINE.test(packet) ? common.METHOD_UNKNOWN() : unreadable()),
  HPE_HEADER_OVERFLOW: (packet) => (LONG_ADDRESS.test(packet) ? common.URI_TOO_LONG() : common.HEADERS_TOO_LARGE()),
  HPE_INVALID_VERSION: () => common.HTTP_VERSION(),
  HPE_CHUNK_EXTENSIONS_OVERFLOW: () => common.BODY_TOO_LARGE(),
  ERR_HTTP_REQUEST_TIMEOUT: () => common.TIMEOUT(),
};

const unreadable = (): AppError => invalid('this is not a request that can be read');

/** What is no HTTP never becomes a request: the answer is written to the socket itself. */
export function answerMalformed(error: ParserError, socket: Duplex): void {
  const { code = '' } = error;
  if (code === 'ECONNRESET' || !socket.writable) socket.destroy();
  else endWith(UNREADABLE[code]?.(unreadIn(error)) ?? unreadable(), socket);
}

/** The line that the parser ended in, and what follows: before it may stand requests that are answered. */
function unreadIn({ rawPacket, bytesParsed = 0 }: ParserError): string {
  if (!Buffer.isBuffer(rawPacket)) return '';
  const start = bytesParsed === 0 ? 0 : rawPacket.lastIndexOf('\n', bytesParsed - 1) + 1;
  return rawPacket.toString('latin1', start);
}

/** Nothing here is a tunnel. Node would end the connection without a word. */
export function refuseTunnels(app: FastifyInstance): void {
  (app.server as Server).on('connect', (_request, socket) => endWith(common.METHOD_UNKNOWN(), socket));
}

function endWith(error: AppError, socket: Duplex): void {
  const id = randomUUID();
  const problem = problemOf(error, '/', id);
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    `date: ${new Date().toUTCString()}`,
    'content-type: application/problem+json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${id}`,
    'connection: close',
  ];
  socket.on('error', () => socket.destroy());
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
