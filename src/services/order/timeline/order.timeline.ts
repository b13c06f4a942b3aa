import { isStaff } from '../../../platform/contract/actor.ts';
import type { Actor } from '../../../platform/contract/contract.ts';
import { actorOf } from '../../../platform/contract/events.ts';
import type { TimelineEntry } from '../order.contract.ts';
import type { OrderState } from '../order.model.ts';
import { eventSummary, inCausalOrder, rootOf, type TimelineEvent } from './order.timeline.model.ts';

/** The timeline of an order for somebody who may see it, with who did each thing, or brought it about. */
export function timelineFor(order: OrderState, events: readonly TimelineEvent[], viewer: Actor): TimelineEntry[] {
  return inCausalOrder(events).map((event) => {
    const { actor, order_id: _order, ...rest } = event;
    const root = rootOf(event, events);
    return {
      ...rest,
      actor: shownActor(actor, viewer),
      because_of: root && { event_id: root.event_id, type: root.type, actor: shownActor(root.actor, viewer) },
      summary: eventSummary(event, order),
    };
  });
}

// Another's name is not there for a customer: not even that of the clerk who packed.
function shownActor(text: string, viewer: Actor): TimelineEntry['actor'] {
  const { kind, id, username } = actorOf(text);
  const may = isStaff(viewer) || (viewer.kind === 'user' && viewer.id === id);
  return may ? { kind, id, username } : { kind };
}
