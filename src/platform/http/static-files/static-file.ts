import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { FastifyInstance } from 'fastify';

/**
 * Files that are the same for everybody until the process ends: made, compressed and named by their content at
 * the first request, and kept. A request after that costs a comparison of two texts and the bytes that go out.
 */
export interface Content {
  readonly type: string;
  readonly body: Buffer;
}

type Encoding = 'br' | 'gzip';

interface Compressed extends Content {
  readonly hash: string;
  readonly compressed: Readonly<Partial<Record<Encoding, Buffer>>>;
}

/** Below this, the headers that compression needs cost what it saves. */
const WORTH_IT = 1_024;
const YEAR_SECONDS = 31_536_000;

/** The name of a content: two contents with the same name are the same. */
export const hashOf = (body: Buffer): string => createHash('sha256').update(body).digest('base64url').slice(0, 27);

/** Answers GET and HEAD of a path with a file. An address that names the content in `v` is good for ever. */
export function serveStatic(app: FastifyInstance, path: string, make: () => Content | Promise<Content>): void {
  let made: Promise<Compressed> | undefined;
  app.get(path, async (request, reply) => {
    made ??= Promise.resolve()
      .then(make)
      .then(prepare)
      .catch((error) => {
        made = undefined;
        throw error;
      });
    const { hash, type, body, compressed } = await made;
    const encoding = encodingOf(request.headers['accept-encoding'], compressed);
    const named = (request.query as { v?: unknown }).v === hash;
    reply
      .header('etag', `"${hash}${encoding ? `-${encoding}` : ''}"`)
      .header('cache-control', named ? `public, max-age=${YEAR_SECONDS}, immutable` : 'no-cache')
      .header('vary', 'accept-encoding');
    if (isKnown(request.headers['if-none-match'], hash)) return reply.code(304).send();
    if (encoding) reply.header('content-encoding', encoding);
    return reply.type(type).send(encoding ? compressed[encoding] : body);
  });
}

async function prepare({ type, body }: Content): Promise<Compressed> {
  const hash = hashOf(body);
  if (body.length < WORTH_IT) return { type, body, hash, compressed: {} };
  const params = { [constants.BROTLI_PARAM_QUALITY]: 6, [constants.BROTLI_PARAM_SIZE_HINT]: body.length };
  const [br, zipped] = await Promise.all([promisify(brotliCompress)(body, { params }), promisify(gzip)(body)]);
  return { type, body, hash, compressed: { br, gzip: zipped } };
}

/** The best encoding that the client takes; undefined for the content as it is. */
function encodingOf(accepted: string | string[] | undefined, offered: Compressed['compressed']): Encoding | undefined {
  const weights = new Map<string, number>();
  for (const part of String(accepted ?? '')
    .toLowerCase()
    .split(',')) {
    const [name = '', ...parameters] = part.split(';').map((word) => word.trim());
    const weight = parameters.find((one) => one.startsWith('q='))?.slice(2);
    weights.set(name, weight === undefined ? 1 : Number(weight));
  }
  const takes = (name: Encoding): boolean => (weights.get(name) ?? weights.get('*') ?? 0) > 0;
  return (['br', 'gzip'] as const).find((name) => offered[name] !== undefined && takes(name));
}

// The comparison is the weak one (RFC 9110, 13.1.2): the same content in another encoding is known too.
function isKnown(known: string | undefined, hash: string): boolean {
  if (known === undefined) return false;
  return known.split(',').some((tag) => {
    const bare = tag.trim().replace(/^W\//, '');
    return bare === '*' || bare === `"${hash}"` || bare === `"${hash}-br"` || bare === `"${hash}-gzip"`;
  });
}
