import type { Columns } from '../../../src/platform/db/columns.ts';
import type { WidgetState } from './widget.model.ts';

/** How both stores keep a widget. */
export const WIDGET_COLUMNS: Columns<WidgetState> = {
  widget_id: 'bigint',
  user_id: 'bigint',
  name: 'text',
  created_at: 'timestamptz',
  updated_at: 'timestamptz',
};
