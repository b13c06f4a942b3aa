import { cursorId, pageOf } from '../../../src/platform/db/pages.ts';
import type { PostgresStore } from '../../../src/platform/db/postgres/store/store.ts';
import { widgetErrors } from './widget.contract.ts';
import type { WidgetState } from './widget.model.ts';
import type { WidgetRepository } from './widget.repository.ts';

/** Widgets in PostgreSQL. */
export function widgetPostgres(store: PostgresStore): WidgetRepository {
  const { schema, db } = store;
  const columns = 'widget_id, user_id, name, created_at, updated_at, version';
  const ids = store.ids('widget_ids');
  const read = store.reader<number, WidgetState>(
    'widget',
    `select ${columns} from ${schema}.widgets where widget_id = any($1)`,
    (row) => row.widget_id,
  );
  const list = {
    name: `${schema} list`,
    text: `select ${columns} from ${schema}.widgets
      where ($1::bigint is null or user_id = $1) and ($2::text is null or name = $2)
        and ($3::bigint is null or widget_id < $3)
      order by widget_id desc limit $4`,
  };
  const save = store.saver<WidgetState>({
    table: 'widgets',
    key: 'widget_id',
    columns: {
      widget_id: 'bigint',
      user_id: 'bigint',
      name: 'text',
      created_at: 'timestamptz',
      updated_at: 'timestamptz',
    },
    conflicts: { widgets_pkey: () => widgetErrors.EXISTS() },
  });

  return {
    ids,
    async get(widget_id) {
      const found = await read(widget_id);
      if (!found) throw widgetErrors.NOT_FOUND();
      return found;
    },
    async list({ user_id, name }, { limit, cursor }) {
      const values = [user_id ?? null, name ?? null, cursorId(cursor) ?? null, limit + 1];
      const rows = await db.query<WidgetState>(list, values);
      return pageOf(rows, limit, (row) => row.widget_id);
    },
    save,
  };
}
