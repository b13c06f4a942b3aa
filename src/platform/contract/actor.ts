import type { Actor, Ctx } from './contract.ts';
import { common } from './errors.ts';

/** A user who acts. */
export type Person = Extract<Actor, { kind: 'user' }>;

/** The acting user. Throws UNAUTHENTICATED when the actor is anonymous or the platform itself. */
export function self({ actor }: Ctx): Person {
  if (actor.kind !== 'user') throw common.UNAUTHENTICATED();
  return actor;
}

/** Whether this actor may see what belongs to any user: staff, admins, the platform itself. */
export function isStaff(actor: Actor): boolean {
  return actor.kind === 'system' || (actor.kind === 'user' && actor.role !== 'customer');
}

/** Whether this actor may see what belongs to one user: that user, and the staff. */
export function maySee(actor: Actor, owner: { readonly user_id: number }): boolean {
  return isStaff(actor) || (actor.kind === 'user' && actor.id === owner.user_id);
}
