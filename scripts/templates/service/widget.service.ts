import type { Actions } from '../../../src/platform/app/actions.ts';
import type { ServiceParts } from '../../../src/platform/app/module.ts';
import type { Actor } from '../../../src/platform/contract/contract.ts';
import { common } from '../../../src/platform/contract/errors.ts';
import { withId } from '../../../src/platform/contract/ids.ts';
import { widgetErrors, type widgetOps } from './widget.contract.ts';
import { createWidget, isStaff, maySee, publicWidget, type WidgetState } from './widget.model.ts';
import type { WidgetFilter, WidgetRepository } from './widget.repository.ts';

export function widgetService({ repository: widgets }: ServiceParts<WidgetRepository>) {
  return {
    async list(ctx, { name, limit = 50, cursor }) {
      const { items, next } = await widgets.list({ ...visibleTo(ctx.actor), name }, { limit, cursor });
      return { items: items.map(publicWidget), next };
    },
    async get(ctx, { widget_id }) {
      const state = await widgets.get(widget_id);
      if (!maySee(ctx.actor, state)) throw widgetErrors.NOT_FOUND();
      return publicWidget(state);
    },
    create: {
      execute(ctx, input) {
        const save = (widget_id: number) => widgets.save(ctx, createWidget(input, { widget_id }, ctx));
        return withId(widgets.ids, save, ({ widget_id }) => widget_id);
      },
      respond: (_ctx, state: WidgetState) => publicWidget(state),
    },
  } satisfies Actions<typeof widgetOps>;
}

function visibleTo(actor: Actor): WidgetFilter {
  if (isStaff(actor)) return {};
  if (actor.kind !== 'user') throw common.UNAUTHENTICATED();
  return { user_id: actor.id };
}
