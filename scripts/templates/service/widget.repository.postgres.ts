import type { PostgresStore } from '../../../src/platform/db/postgres/store/store.ts';
import { WIDGET_COLUMNS } from './widget.columns.ts';
import { widgetErrors } from './widget.contract.ts';
import type { WidgetState } from './widget.model.ts';
import type { WidgetRepository } from './widget.repository.ts';

/** Widgets in PostgreSQL. */
export function widgetPostgres(store: PostgresStore): WidgetRepository {
  const widgets = store.table<WidgetState>({
    table: 'widgets',
    key: 'widget_id',
    columns: WIDGET_COLUMNS,
    conflicts: { widgets_pkey: () => widgetErrors.EXISTS() },
  });
  const list = widgets.list({
    name: 'by owner and name',
    where: '($3::bigint is null or user_id = $3) and ($4::text is null or name = $4)',
  });

  return {
    ids: store.ids('widget_ids'),
    async get(widget_id) {
      const found = await widgets.get(widget_id);
      if (!found) throw widgetErrors.NOT_FOUND();
      return found;
    },
    list: ({ user_id = null, name = null }, page) => list(page, [user_id, name]),
    save: widgets.save,
  };
}
