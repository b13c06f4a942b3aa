import { createHash } from 'node:crypto';
import type { Static } from 'typebox';
import type { Actor, Op, RequestKey } from '../../contract/contract.ts';
import { common } from '../../contract/errors.ts';

/**
 * The key of a request with an Idempotency-Key, and the fingerprint of what it asks for; undefined without the header.
 * A key belongs to its user and operation, or to the operation that `sameAs` names. Guests have nothing that tells them
 * apart, so a guest's key belongs to what is asked for as well: guests with one key do not meet.
 * Throws BAD_KEY.
 */
export function requestKey(
  op: Op,
  actor: Actor,
  header: string | string[] | undefined,
  input: object,
): RequestKey | undefined {
  if (header === undefined) return undefined;
  if (typeof header !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(header)) throw common.BAD_KEY();
  const own = { op: op.id, input };
  const same = op.sameAs?.(input as Static<typeof op.input>, actor) ?? own;
  const fingerprint = fingerprintOf(canonical(openFields(op, same.input)));
  const who = actor.kind === 'user' ? String(actor.id) : actor.kind;
  const key = `${who} ${same.op} ${header}`;
  return {
    op: op.id,
    key: actor.kind === 'user' ? key : `${key} ${fingerprint}`,
    fingerprint,
    earlier: { key: `${who} ${op.id} ${header}`, fingerprint: fingerprintOf(sorted(openFields(op, input))) },
  };
}

const fingerprintOf = (value: object): string => createHash('sha256').update(JSON.stringify(value)).digest('base64url');

// A hash of a password can be attacked by guessing, so write-only fields stay out of the fingerprint.
function openFields(op: Op, input: object): object {
  const properties = op.input.properties as Record<string, { writeOnly?: boolean }>;
  return Object.fromEntries(Object.entries(input).filter(([name]) => !properties[name]?.writeOnly));
}

const sorted = (value: object): object =>
  Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));

/** The same value with the keys of every object in one order. */
function canonical<T>(value: T): T {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(canonical) as T;
  return sorted(Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, canonical(inner)]))) as T;
}
