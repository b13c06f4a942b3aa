import type { Change, Ctx, Page } from '../../../src/platform/contract/contract.ts';
import type { Ids } from '../../../src/platform/contract/ids.ts';
import type { WidgetState } from './widget.model.ts';

export interface WidgetFilter {
  readonly user_id?: number;
  readonly name?: string;
}

/** How widgets are kept. */
export interface WidgetRepository {
  readonly ids: Ids;
  /** Throws WIDGET_NOT_FOUND. */
  get(widget_id: number): Promise<WidgetState>;
  /** Newest first. */
  list(filter: WidgetFilter, page: { readonly limit: number; readonly cursor?: string }): Promise<Page<WidgetState>>;
  /** Throws WIDGET_EXISTS for an id that is taken. */
  save(ctx: Ctx, change: Change<WidgetState>): Promise<WidgetState>;
}
