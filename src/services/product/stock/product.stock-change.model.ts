import type { Actor } from '../../../platform/contract/contract.ts';
import type { MovementKind } from './product.stock.contract.ts';

/** What a change of a product does to its stock, for the ledger. */
export interface StockChange {
  readonly kind: Extract<MovementKind, 'opening' | 'set' | 'adjustment'>;
  /** Of an adjustment: the units that come, or with a minus go. A set is a difference only once it is written. */
  readonly quantity: number;
  readonly reason: string | null;
  readonly user_id: number | null;
}

/** The account that acts; null: the shop itself. */
export const accountOf = (actor: Actor): number | null => (actor.kind === 'user' ? actor.id : null);
