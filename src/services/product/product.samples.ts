import { systemCtx } from '../../platform/contract/ctx.ts';
import { isError } from '../../platform/contract/errors.ts';
import { digitsOf } from '../../platform/contract/money/currencies.ts';
import { fromDecimal, type Minor } from '../../platform/contract/money.ts';
import { type CreateProduct, productErrors } from './product.contract.ts';
import { createProduct } from './product.model.ts';
import type { ProductRepository } from './product.repository.ts';

/** The eight products of an empty catalogue, with the ids 1 to 8. Half of them count their stock. */
const SAMPLES: readonly (Omit<CreateProduct, 'price'> & { price: number })[] = [
  {
    name: 'Laptop',
    description: '14-inch display, 16 GB of memory, 512 GB of storage',
    price: 1299.99,
    category: 'Electronics',
    stock_quantity: 25,
  },
  {
    name: 'Wireless Mouse',
    description: 'Three buttons, one AA battery, 2.4 GHz receiver',
    price: 29.99,
    category: 'Electronics',
  },
  {
    name: 'Mechanical Keyboard',
    description: '87 keys, hot-swappable switches, USB-C',
    price: 89.5,
    category: 'Electronics',
    stock_quantity: 40,
  },
  { name: 'Coffee Mug', description: 'Stoneware, 350 ml, dishwasher safe', price: 12.5, category: 'Home' },
  {
    name: 'Desk Lamp',
    description: 'LED, dimmable, warm to cool white',
    price: 45,
    category: 'Home',
    stock_quantity: 60,
  },
  { name: 'Notebook', description: 'A5, dotted, 160 pages', price: 8.95, category: 'Office' },
  {
    name: 'Office Chair',
    description: 'Adjustable height, armrests and back',
    price: 219,
    category: 'Office',
    stock_quantity: 12,
  },
  {
    name: 'Bluetooth Speaker',
    description: 'Water resistant, ten hours of play',
    price: 59.9,
    category: 'Electronics',
    in_stock: false,
  },
];

/** Puts the samples into a catalogue that has never held a product; does nothing otherwise. Returns how many. */
export async function putSamples(products: ProductRepository, currency: string, now: string): Promise<number> {
  if (!(await products.isNew())) return 0;
  const ctx = systemCtx(now);
  const saves: Promise<unknown>[] = [];
  for (const sample of SAMPLES) {
    const product_id = await products.ids.next();
    const input = { ...sample, price: samplePrice(sample.price, currency) };
    saves.push(products.save(ctx, createProduct(input, { product_id, currency }, ctx)));
  }
  await Promise.all(saves.map((save) => save.catch(ignoreExisting)));
  return saves.length;
}

// The same figure in every currency, without the digits that the currency does not have.
const samplePrice = (price: number, currency: string): Minor =>
  fromDecimal(price.toFixed(Math.min(digitsOf(currency), 2)), currency);

// Another process may put them in at the same moment.
function ignoreExisting(error: unknown): void {
  if (!isError(error, productErrors.EXISTS)) throw error;
}
