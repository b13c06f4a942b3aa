import type { IncomingMessage, Server, ServerOptions } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { type AppError, common, invalid } from '../../contract/errors.ts';

/** Bytes of a URI: the minimum of RFC 9110 (4.1), rounded up. */
const MAX_ADDRESS = 8 * 1_024;
/** Bytes of all names and values together. */
const MAX_HEADERS = 16 * 1_024;

/**
 * Node answers some requests itself, without a body: those without Host, and those with another Expect than
 * 100-continue. These options let them through, and heads above the limits too, so that `faultInHead` answers them with
 * a problem document.
 */
export const NODE_OPTIONS: ServerOptions = {
  requireHostHeader: false,
  maxHeaderSize: MAX_ADDRESS + MAX_HEADERS + 2 * 1_024,
};

/** Lets heads through that Node would answer itself or cut, for `faultInHead`; and answers Expect: 100-continue. */
export function takeHeads(app: FastifyInstance): void {
  const server = app.server as Server;
  // Above this limit Node drops headers silently; `MAX_HEADERS` limits their bytes instead.
  server.maxHeadersCount = 0;
  const expectsContinue = new WeakSet<IncomingMessage>();
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  server.on('checkContinue', (request, response) => {
    expectsContinue.add(request);
    server.emit('request', request, response);
  });
  // Send 100 Continue only now: a request that is rejected by its head need not send its body.
  app.addHook('preParsing', (request, reply, _payload, done) => {
    const { expect, 'content-length': length } = request.headers;
    const expects = expect !== undefined && expectsContinue.delete(request.raw);
    if (expects && !(Number(length) > request.routeOptions.bodyLimit)) reply.raw.writeContinue();
    done();
  });
}

/** The request target in origin form (RFC 9112, 3.2.2); `*` becomes `/*`. */
export function originForm({ method, url = '/' }: { method?: string | undefined; url?: string | undefined }): string {
  if (url.startsWith('/')) return url;
  if (url === '*' && method === 'OPTIONS') return '/*';
  const rest = /^https?:\/\/[^/?#]+(.*)$/is.exec(url)?.[1];
  if (rest === undefined) return url;
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** The error for a request whose head is invalid (RFC 9112); to be asked before anything else reads it. */
export function faultInHead(request: IncomingMessage): AppError | undefined {
  const { rawHeaders, headers, httpVersionMajor, httpVersionMinor, url = '' } = request;
  if (httpVersionMajor !== 1) return common.HTTP_VERSION();
  if (url.length > MAX_ADDRESS) return common.URI_TOO_LONG();
  let bytes = 0;
  let hosts = 0;
  // Names and values alternate.
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    bytes += name.length + (rawHeaders[index + 1] ?? '').length;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  if (bytes > MAX_HEADERS) return common.HEADERS_TOO_LARGE();
  const isHttp10 = httpVersionMinor === 0;
  if (hosts > 1) return invalid('the header Host stands in the request more than once');
  if (hosts === 0 && !isHttp10) return invalid('the header Host is missing');
  if (!HOST.test(headers.host ?? ''))
    return invalid('the header Host is not the name of a host, with or without a port');
  const { expect, 'transfer-encoding': coding } = headers;
  if (expect !== undefined && !isHttp10 && expect.toLowerCase() !== '100-continue') return common.EXPECTATION();
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') return common.TRANSFER_CODING();
  return undefined;
}

// RFC 3986, 3.2: a name, an address, or nothing, and a port.
const HOST = /^(\[[\da-f:.]+\]|([\w.~!$&'()*+,;=-]|%[\da-f]{2})*)(:\d*)?$/i;
