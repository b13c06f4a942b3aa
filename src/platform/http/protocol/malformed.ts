import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { type AppError, common, invalid } from '../../contract/errors.ts';
import { problemOf } from '../problem.ts';

/** The error of Node's parser, the bytes that it read last, and the offset at which it failed. */
export interface ParserError extends Error {
  readonly code?: string;
  readonly rawPacket?: unknown;
  readonly bytesParsed?: number;
}

const REQUEST_LINE = /^[\w!#$%&'*+.^`|~-]+ [^\s]+ HTTP\/\d\.\d\r?\n/;
const LONG_ADDRESS = /^[A-Z]+ [^\s]{8193,}/;

const PARSER_ERRORS: Record<string, (packet: string) => AppError> = {
  // A request line with an unknown method is 501, not 400.
  HPE_INVALID_METHOD: (packet) => (REQUEST_LINE.test(packet) ? common.METHOD_UNKNOWN() : unreadable()),
  HPE_HEADER_OVERFLOW: (packet) => (LONG_ADDRESS.test(packet) ? common.URI_TOO_LONG() : common.HEADERS_TOO_LARGE()),
  HPE_INVALID_VERSION: () => common.HTTP_VERSION(),
  HPE_CHUNK_EXTENSIONS_OVERFLOW: () => common.BODY_TOO_LARGE(),
  ERR_HTTP_REQUEST_TIMEOUT: () => common.TIMEOUT(),
};

const unreadable = (): AppError => invalid('this is not a request that can be read');

/** Answers bytes that are not HTTP. They never become a request, so the response is written to the socket. */
export function answerMalformed(error: ParserError, socket: Duplex): void {
  const { code = '' } = error;
  if (code === 'ECONNRESET' || !socket.writable) socket.destroy();
  else endWithProblem(PARSER_ERRORS[code]?.(unparsedText(error)) ?? unreadable(), socket);
}

/** The line at which the parser failed, and what follows. Requests before it are answered normally. */
function unparsedText({ rawPacket, bytesParsed = 0 }: ParserError): string {
  if (!Buffer.isBuffer(rawPacket)) return '';
  const start = bytesParsed === 0 ? 0 : rawPacket.lastIndexOf('\n', bytesParsed - 1) + 1;
  return rawPacket.toString('latin1', start);
}

/** Answers CONNECT with 501. Node would close the connection without a response. */
export function refuseTunnels(app: FastifyInstance): void {
  (app.server as Server).on('connect', (_request, socket) => endWithProblem(common.METHOD_UNKNOWN(), socket));
}

function endWithProblem(error: AppError, socket: Duplex): void {
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
