import assert from 'node:assert/strict';
import type { ProductRepository } from '../product.repository.ts';
import type { MovementKind, StockEntry } from './product.stock.contract.ts';

/** All entries of a product, oldest first. */
export async function entriesOf(products: ProductRepository, product_id: number): Promise<StockEntry[]> {
  const entries: StockEntry[] = [];
  for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
    const page = await products.ledger(product_id, { limit: 200, cursor });
    entries.push(...page.items);
    cursor = page.next;
  }
  return entries.reverse();
}

const PUT_IN: readonly MovementKind[] = ['opening', 'set', 'adjustment', 'correction'];

/**
 * Asserts that every unit of a product is explained: the entries are numbered without a gap, each follows from the one
 * before it, and the last one and their sums are what the product has. Returns what each of them says.
 */
export async function explained(products: ProductRepository, product_id: number) {
  const entries = await entriesOf(products, product_id);
  let [on_hand, held, put_in, gone] = [0, 0, 0, 0];
  for (const [n, entry] of entries.entries()) {
    assert.equal(entry.id, n + 1);
    if (PUT_IN.includes(entry.kind)) put_in += entry.quantity;
    const isOfParcel = entry.kind === 'shipped' || entry.kind === 'return';
    if (isOfParcel) gone -= entry.quantity;
    if (isOfParcel) held += entry.quantity;
    else on_hand += entry.quantity;
    if (entry.kind === 'reservation' || entry.kind === 'release') held -= entry.quantity;
    const after = [entry.kind, entry.on_hand ?? on_hand, entry.held];
    assert.deepEqual(after, [entry.kind, on_hand, held], `entry ${entry.id} of ${JSON.stringify(entries)}`);
  }
  const { items } = await products.stockFigures({ limit: 200 });
  const figures = items.find((one) => one.product_id === product_id);
  const expected = { product_id, put_in, on_hand, held, gone, entries: entries.length };
  assert.deepEqual(figures, { ...expected, difference: 0, on_hand_difference: 0, held_difference: 0 });
  assert.equal((await products.get(product_id)).stock_quantity ?? 0, on_hand);
  return entries.map(({ kind, quantity, on_hand: left, held: kept }) => [kind, quantity, left, kept]);
}
