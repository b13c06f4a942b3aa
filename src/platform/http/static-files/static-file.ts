import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { FastifyInstance } from 'fastify';

/**
 * Files that are the same for every client until the process ends. They are made, compressed and hashed at the first
 * request, then cached. A later request costs one comparison and the bytes that are sent.
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

/** Below this size, the headers of compression cost more than it saves. */
const MIN_COMPRESSED_BYTES = 1_024;
const YEAR_SECONDS = 31_536_000;

/** The hash of a content; equal hashes mean equal contents. */
export const hashOf = (body: Buffer): string => createHash('sha256').update(body).digest('base64url').slice(0, 27);

/** Answers GET and HEAD of a path with a file. A URL with the hash in `v` may be cached for ever. */
export function serveStatic(app: FastifyInstance, path: string, make: () => Content | Promise<Content>): void {
  let content: Promise<Compressed> | undefined;
  app.get(path, async (request, reply) => {
    content ??= Promise.resolve()
      .then(make)
      .then(prepare)
      .catch((error) => {
        content = undefined;
        throw error;
      });
    const { hash, type, body, compressed } = await content;
    const encoding = encodingOf(request.headers['accept-encoding'], compressed);
    const named = (request.query as { v?: unknown }).v === hash;
    reply
      .header('etag', `"${hash}${encoding ? `-${encoding}` : ''}"`)
      .header('cache-control', named ? `public, max-age=${YEAR_SECONDS}, immutable` : 'no-cache')
      .header('vary', 'accept-encoding');
    if (matchesTag(request.headers['if-none-match'], hash)) return reply.code(304).send();
    if (encoding) reply.header('content-encoding', encoding);
    return reply.type(type).send(encoding ? compressed[encoding] : body);
  });
}

async function prepare({ type, body }: Content): Promise<Compressed> {
  const hash = hashOf(body);
  if (body.length < MIN_COMPRESSED_BYTES) return { type, body, hash, compressed: {} };
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

// A weak comparison (RFC 9110, 13.1.2): the same content in another encoding matches too.
function matchesTag(known: string | undefined, hash: string): boolean {
  if (known === undefined) return false;
  return known.split(',').some((tag) => {
    const bare = tag.trim().replace(/^W\//, '');
    return bare === '*' || bare === `"${hash}"` || bare === `"${hash}-br"` || bare === `"${hash}-gzip"`;
  });
}
