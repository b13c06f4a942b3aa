import type { Actor, Change, Ctx, Versioned } from '../../../src/platform/contract/contract.ts';
import { common } from '../../../src/platform/contract/errors.ts';
import type { CreateWidget, Widget } from './widget.contract.ts';
import { widgetEvents } from './widget.contract.ts';

/** A widget as it is kept. */
export interface WidgetState extends Widget, Versioned {}

/** A new widget, of the user who asks. */
export function createWidget(input: CreateWidget, facts: { widget_id: number }, ctx: Ctx): Change<WidgetState> {
  if (ctx.actor.kind !== 'user') throw common.UNAUTHENTICATED();
  const next: WidgetState = {
    widget_id: facts.widget_id,
    user_id: ctx.actor.id,
    name: input.name,
    created_at: ctx.now,
    updated_at: ctx.now,
    version: 0,
  };
  return { next, events: [widgetEvents.created(next.widget_id, publicWidget(next))] };
}

/** What the world sees. */
export function publicWidget({ version: _version, ...open }: WidgetState): Widget {
  return open;
}

/** Whether this actor may see everybody's. */
export function isStaff(actor: Actor): boolean {
  return actor.kind === 'system' || (actor.kind === 'user' && actor.role !== 'customer');
}

/** Whether this actor may see a widget: its owner and the staff. */
export function maySee(actor: Actor, owner: { readonly user_id: number }): boolean {
  return isStaff(actor) || (actor.kind === 'user' && actor.id === owner.user_id);
}
