import type { FastifyReply, FastifyRequest } from 'fastify';
import { wasReplayed } from '../app/guard.ts';
import { toJson } from '../contract/codec.ts';
import type { Ctx, Downloaded, Op, Page } from '../contract/contract.ts';
import { itemOf, objectShapeOf } from '../contract/schema/shape.ts';

/** Answers with a result: its status, its headers, and its JSON as the contract has it. */
export function answer(op: Op, ctx: Ctx, result: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  // A response for one user must not be cached, and the response to a POST may carry a token.
  if (op.access !== 'public' || op.method === 'POST') reply.header('cache-control', 'no-store');
  if (wasReplayed(ctx)) reply.header('idempotent-replayed', 'true');
  if (objectShapeOf(op.output).download) return answerFile(result as Downloaded, reply);
  if (op.status === 204) return reply.code(204).send();
  const existing = (result as { existing?: boolean } | null)?.existing === true;
  reply.code(existing ? 200 : (op.status ?? 200)).type('application/json; charset=utf-8');
  if (!objectShapeOf(op.output).page) return reply.send(toJson(op.output, result));
  const page = result as Page<unknown>;
  if (page.next !== undefined) reply.header('link', nextLink(request, page.next));
  return reply.send(toJson(itemOf(op.output), page.items));
}

function answerFile({ filename, type, content }: Downloaded, reply: FastifyReply): FastifyReply {
  return reply
    .type(type)
    .header('content-disposition', `inline; filename="${filename}"`)
    .header('x-content-type-options', 'nosniff')
    .send(Buffer.from(content, 'base64'));
}

function nextLink(request: FastifyRequest, cursor: string): string {
  const [path, query] = request.url.split('?');
  const parameters = new URLSearchParams(query);
  parameters.set('cursor', cursor);
  return `<${path}?${parameters}>; rel="next"`;
}
