import type { FastifyReply, FastifyRequest } from 'fastify';
import { toJson } from '../../contract/codec.ts';
import type { ApiOf, Contract, Ctx, Op, Ops } from '../../contract/contract.ts';
import { common } from '../../contract/errors.ts';
import { setPrecondition } from '../../contract/requests/precondition.ts';
import { objectShapeOf } from '../../contract/schema/shape.ts';
import { etagOf, hasTag, hasTagWeakly, readTags } from './etag.ts';

/** Whether the answers of an operation have an ETag: one thing, a public list, and a change that answers as its read. */
export function hasEtag({ ops }: Pick<Contract, 'ops'>, op: Op): boolean {
  if (op.stream) return false;
  if (op.method === 'GET') return op.access === 'public' || !objectShapeOf(op.output).page;
  return op.changes !== undefined && ops[op.changes]?.output === op.output;
}

/** Puts the conditions of a request on its context, for the guard and the save to check. */
export type TakeConditions = (ctx: Ctx, headers: FastifyRequest['headers'], input: object) => void;

/** How the conditions of an operation are taken; undefined when it changes nothing that has an ETag. */
export function conditionsOf(contract: Contract, op: Op, api: ApiOf<Ops>): TakeConditions | undefined {
  const read = op.changes === undefined ? undefined : contract.ops[op.changes];
  const call = op.changes === undefined ? undefined : api[op.changes];
  if (!read || !call) return undefined;
  const names = Object.keys(read.input.properties);
  return (ctx, { 'if-match': match, 'if-none-match': noneMatch }, input) => {
    if (match === undefined && noneMatch === undefined) return;
    const given = input as Record<string, unknown>;
    const thing = Object.fromEntries(names.filter((name) => name in given).map((name) => [name, given[name]]));
    const reading: Ctx = Object.freeze({ ...ctx, request: undefined });
    setPrecondition(ctx, async () => {
      const etag = etagOf(toJson(read.output, await call(reading, thing)));
      mustMatch(match, etag);
      if (noneMatch !== undefined && listsWeakly(noneMatch, etag)) throw common.PRECONDITION_FAILED();
    });
  };
}

interface Tagged {
  readonly request: FastifyRequest;
  /** The cursor of the next page, which is a part of what the client has. */
  readonly next: string | undefined;
}

/** Sends a body with its ETag, or 304 to a client that has it. Throws PRECONDITION_FAILED for another If-Match. */
export function sendTagged(body: string | Buffer, { request, next }: Tagged, reply: FastifyReply): FastifyReply {
  const { method, headers } = request;
  const etag = etagOf(next === undefined ? body : `${body}${next}`);
  reply.header('etag', etag);
  if (method !== 'GET' && method !== 'HEAD') return reply.send(body);
  mustMatch(headers['if-match'], etag);
  const noneMatch = headers['if-none-match'];
  if (noneMatch === undefined || !listsWeakly(noneMatch, etag)) return reply.send(body);
  return reply.code(304).removeHeader('content-type').send();
}

/** Throws BAD_ETAG for a header without quotes, which would never match. */
function mustMatch(header: string | undefined, etag: string): void {
  if (header === undefined) return;
  const tags = readTags(header);
  if (tags === undefined) throw common.BAD_ETAG();
  if (!hasTag(tags, etag)) throw common.PRECONDITION_FAILED();
}

const listsWeakly = (header: string, etag: string): boolean => {
  const tags = readTags(header);
  return tags !== undefined && hasTagWeakly(tags, etag);
};
