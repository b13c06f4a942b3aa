import { errors } from '../../platform/contract/errors.ts';

export const orderErrors = errors('ORDER', {
  NOT_FOUND: [
    'not_found',
    'order not found',
    "Check the id; GET /orders lists your own, and nobody sees another customer's.",
  ],
  PRODUCT_NOT_FOUND: [
    'invalid',
    ({ line }: { line: number }) => `item ${line}: product not found`,
    'Take the item out, or look its id up with GET /products.',
  ],
  OUT_OF_STOCK: [
    'invalid',
    ({ line, product }: { line: number; product: string }) =>
      `item ${line}: product '${product}' is currently out of stock`,
    'Take the item out, or order it when GET /products/{product_id} says in_stock.',
  ],
  SHORT: [
    'invalid',
    ({ line, product, left }: { line: number; product: string; left: number }) =>
      `item ${line}: only ${left} of product '${product}' can be ordered now`,
    'Order no more than the sentence says is left, or wait for new stock.',
  ],
  HELD_LIMIT: [
    'invalid',
    ({ line, product, limit, held }: { line: number; product: string; limit: number; held: number }) =>
      `item ${line}: a customer may hold ${limit} unpaid units of product '${product}', and ${held} are held already`,
    'Pay or cancel an order that has it, or order fewer.',
  ],
  OTHER_CURRENCY: [
    'invalid',
    ({ line, product, currency }: { line: number; product: string; currency: string }) =>
      `item ${line}: product '${product}' is priced in ${currency}, in which this shop is not paid`,
    'Take the item out; the shop gives it a price in its own currency with PUT /products/{product_id}.',
  ],
  NO_ITEMS: [
    'invalid',
    'either items, or product_id and quantity, must be given',
    'Send {"items": [{"product_id": 1, "quantity": 1}]}, or {"product_id": 1, "quantity": 1}.',
  ],
  NOT_YOURS: ['forbidden', 'only staff may order for somebody else', 'Order under your own name, or ask the staff.'],
  ADDRESS_FIXED: [
    'conflict',
    ({ state }: { state: string }) => `the address of an order that is ${state.replaceAll('_', ' ')} cannot be changed`,
    'An address can be set until the parcel is packed; after that, ask the carrier.',
  ],
  NOT_CANCELLABLE: [
    'conflict',
    ({ state }: { state: string }) => `an order that is ${state} cannot be cancelled`,
    'GET /orders/{order_id}/explain says what it waits for; what has left is sent back.',
  ],
});
