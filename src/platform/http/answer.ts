import type { FastifyReply, FastifyRequest } from 'fastify';
import { wasReplayed } from '../app/guard.ts';
import { toJson } from '../contract/codec.ts';
import type { Ctx, Downloaded, Op, Page } from '../contract/contract.ts';
import { itemOf, objectShapeOf } from '../contract/schema/shape.ts';
import { sendTagged } from './conditional/conditions.ts';

interface Route {
  readonly op: Op;
  /** Whether its answers have an ETag. */
  readonly tagged: boolean;
}

/** Answers with a result: its status, its headers, and its JSON as the contract has it. */
export function answer(
  { op, tagged }: Route,
  ctx: Ctx,
  result: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  // A response for one user must not be stored, and the response to a POST may carry a token. A public one may be, and
  // is asked about with its ETag before it is used again.
  const shared = op.access === 'public' && op.method === 'GET' && !op.tokenWelcome;
  if (shared || op.access !== 'public' || op.method === 'POST')
    reply.header('cache-control', shared ? 'no-cache' : 'no-store');
  if (wasReplayed(ctx)) reply.header('idempotent-replayed', 'true');
  const send = (body: string | Buffer, next?: string) =>
    tagged ? sendTagged(body, { request, next }, reply) : reply.send(body);
  const { download, page } = objectShapeOf(op.output);
  if (download) return send(fileHead(result as Downloaded, reply));
  if (op.status === 204) return reply.code(204).send();
  const existing = (result as { existing?: boolean } | null)?.existing === true;
  reply.code(existing ? 200 : (op.status ?? 200)).type('application/json; charset=utf-8');
  if (!page) return send(toJson(op.output, result));
  const { items, next } = result as Page<unknown>;
  if (next !== undefined) reply.header('link', nextLink(request, next));
  return send(toJson(itemOf(op.output), items), next);
}

/** Sets the headers of a file. Returns its bytes. */
function fileHead({ filename, type, content }: Downloaded, reply: FastifyReply): Buffer {
  reply
    .type(type)
    .header('content-disposition', `inline; filename="${filename}"`)
    .header('x-content-type-options', 'nosniff');
  return Buffer.from(content, 'base64');
}

function nextLink(request: FastifyRequest, cursor: string): string {
  const [path, query] = request.url.split('?');
  const parameters = new URLSearchParams(query);
  parameters.set('cursor', cursor);
  return `<${path}?${parameters}>; rel="next"`;
}
