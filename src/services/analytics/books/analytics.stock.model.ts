import type { StockFigures } from '../../product/stock/product.stock.contract.ts';
import type { JudgedDifference } from './analytics.finding.model.ts';

/**
 * What the stock of a product differs in: units that are put in are on hand, held or gone, and the last entry of its
 * ledger says what is on hand and held.
 */
export function stockDifference(figures: StockFigures): JudgedDifference[] {
  const { product_id, put_in, on_hand, held, gone, difference, on_hand_difference, held_difference } = figures;
  const told = { pair: 'product/stock', order_id: null, product_id, since: null, event: null, young: false } as const;
  const mend =
    `GET /products/${product_id}/stock-ledger shows every movement. The units are counted, and the operation correct of ` +
    'product (POST /internal/stock/corrections) books the difference as an entry that says so.';
  if (difference !== 0) {
    const left = `put in: ${put_in}`;
    const right = `on hand ${on_hand}, held ${held}, gone ${gone}: ${on_hand + held + gone}`;
    return [{ ...told, what: 'units that nothing explains', left, right, mend }];
  }
  if (on_hand_difference === 0 && held_difference === 0) return [];
  const left = `on hand ${on_hand}, held ${held}`;
  const right = `its last entry: on hand ${on_hand - on_hand_difference}, held ${held - held_difference}`;
  return [{ ...told, what: 'the last entry of the stock ledger', left, right, mend }];
}
