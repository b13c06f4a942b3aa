import { SAME_KEY } from '../../../src/platform/db/clickhouse/store/save.ts';
import type { ClickHouseStore } from '../../../src/platform/db/clickhouse/store/store.ts';
import { WIDGET_COLUMNS } from './widget.columns.ts';
import { widgetErrors } from './widget.contract.ts';
import type { WidgetState } from './widget.model.ts';
import type { WidgetRepository } from './widget.repository.ts';

/** Widgets in ClickHouse: a row for each version of a widget. */
export function widgetClickHouse(store: ClickHouseStore): WidgetRepository {
  const widgets = store.states<WidgetState>({
    table: 'widgets',
    key: 'widget_id',
    columns: WIDGET_COLUMNS,
    conflicts: { [SAME_KEY]: () => widgetErrors.EXISTS() },
  });

  return {
    ids: store.ids('widgets', { table: 'widgets', column: 'widget_id' }),
    async get(widget_id) {
      const found = await widgets.get(widget_id);
      if (!found) throw widgetErrors.NOT_FOUND();
      return found;
    },
    list({ user_id, name }, page) {
      const wanted = [
        user_id === undefined ? [] : 'user_id = {user_id:UInt64}',
        name === undefined ? [] : 'name = {name:String}',
      ].flat();
      const fixed = wanted.length === 0 ? undefined : wanted.join(' and ');
      return widgets.list({ fixed, params: { user_id, name } }, 'desc', page);
    },
    save: widgets.save,
  };
}
