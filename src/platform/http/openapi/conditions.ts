import type { Contract, Op } from '../../contract/contract.ts';
import { objectShapeOf } from '../../contract/schema/shape.ts';
import { hasEtag } from '../conditional/conditions.ts';

/** Headers and responses of RFC 9110, 13: what a client has, and what it wants to change. */

const text = { type: 'string' };
const header = (name: string, description: string) => ({
  name,
  in: 'header',
  required: false,
  description,
  schema: text,
});

const IF_NONE_MATCH = header('If-None-Match', 'the ETag that you have: 304 as long as it is the same');
const IF_MATCH = header('If-Match', 'the ETag that you have read: 412 when it has changed since');
const ETAG = { description: 'RFC 9110, for If-None-Match and If-Match', schema: text };
const LINK = { description: 'RFC 8288, rel="next"', schema: text };

/** The conditions that an operation takes. */
export function conditionParameters(contract: Contract, op: Op): object[] {
  if (op.changes !== undefined) return [IF_MATCH];
  return op.method === 'GET' && hasEtag(contract, op) ? [IF_NONE_MATCH] : [];
}

/** The headers of an answer; undefined when it has none to describe. */
export function describedHeaders(contract: Contract, op: Op): Record<string, object> | undefined {
  const headers = {
    ...(objectShapeOf(op.output).page && { Link: LINK }),
    ...(hasEtag(contract, op) && { ETag: ETAG }),
  };
  return Object.keys(headers).length > 0 ? headers : undefined;
}

/** The response to a client that has what it asks for. */
export function notModified(contract: Contract, op: Op): Record<string, object> {
  if (op.method !== 'GET' || !hasEtag(contract, op)) return {};
  return { 304: { description: 'You have it.', headers: { ETag: ETAG } } };
}
