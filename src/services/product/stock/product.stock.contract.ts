import { type Static, Type } from 'typebox';
import { event, Id, Nothing, OneOf, op, PageOf, paging, Time } from '../../../platform/contract/contract.ts';
import { errors } from '../../../platform/contract/errors.ts';
import { TextLine } from '../../../platform/contract/schema/text.ts';

/** The most units that a product may have on hand. */
export const MAX_STOCK = 1_000_000_000;
const MAX_REASON = 200;

/**
 * What moved stock. `opening`, `set`, `adjustment` and `correction` put units in, or take them out again; `reservation`
 * and `release` move them between what is on hand and what is held for orders; `shipped` takes them out of what is held, and `return` puts them back there.
 */
export const MovementKind = OneOf(
  'opening',
  'set',
  'adjustment',
  'correction',
  'reservation',
  'release',
  'shipped',
  'return',
);
export type MovementKind = Static<typeof MovementKind>;

const OrNull = <T extends 'integer' | 'string'>(type: T, description?: string) =>
  Type.Unsafe<(T extends 'integer' ? number : string) | null>({ type: [type, 'null'], description });

/** One line of the stock ledger of a product. */
export const StockEntry = Type.Object(
  {
    id: Type.Integer({ description: 'counts the entries of this product: 1, 2, 3 …, without a gap' }),
    product_id: Id(),
    kind: MovementKind,
    quantity: Type.Integer({ description: 'units, with a minus where they went' }),
    on_hand: OrNull('integer', 'what could still be sold after it; null: not tracked'),
    held: Type.Integer({ description: 'what was held for orders after it' }),
    reason: OrNull('string'),
    order_id: OrNull('integer'),
    user_id: OrNull('integer', 'who did it; null: the shop itself, or the customer of the order'),
    at: Time(),
  },
  { title: 'StockEntry' },
);
export type StockEntry = Static<typeof StockEntry>;

/** A relative change of a stock, as it was made. */
export const StockAdjustment = Type.Object(
  {
    product_id: Id(),
    quantity: Type.Integer(),
    reason: Type.String({ maxLength: MAX_REASON }),
    stock_quantity: Type.Integer({ description: 'what can be sold after it' }),
    at: Time(),
  },
  { title: 'StockAdjustment' },
);
export type StockAdjustment = Static<typeof StockAdjustment>;

/** What became of all units of a product: `difference` is `put_in - on_hand - held - gone`, and 0 when each is explained. */
export const StockFigures = Type.Object({
  product_id: Id(),
  /** What opening, sets, adjustments and corrections come to. */
  put_in: Type.Integer(),
  /** 0 when the stock is not tracked. */
  on_hand: Type.Integer(),
  held: Type.Integer(),
  /** What was shipped. */
  gone: Type.Integer(),
  difference: Type.Integer(),
  /** The number of ledger entries, and how far the last one is from what is on hand and held now. */
  entries: Type.Integer(),
  on_hand_difference: Type.Integer(),
  held_difference: Type.Integer(),
});
export type StockFigures = Static<typeof StockFigures>;

/** The units of an order: they are held for it, or they were shipped. */
export const OrderUnits = Type.Object({
  order_id: Id(),
  shipped: Type.Boolean(),
  items: Type.Array(Type.Object({ product_id: Id(), quantity: Type.Integer() })),
});
export type OrderUnits = Static<typeof OrderUnits>;

export const stockEvents = {
  adjusted: event('stock.adjusted', 'units of a product came or went, for the reason given', StockAdjustment),
};

export const stockErrors = errors('PRODUCT', {
  NOT_TRACKED: [
    'conflict',
    'the stock of this product is not tracked',
    'Set it first, with PUT /products/{product_id} {"stock_quantity": 10}.',
  ],
  STOCK_TOO_LOW: [
    'conflict',
    ({ left }: { left: number }) => `only ${left} of this product are on hand`,
    'Take out no more than are on hand; what is held for orders comes back when they are cancelled.',
  ],
  STOCK_TOO_HIGH: [
    'conflict',
    ({ most }: { most: number }) => `a product has at most ${most} units on hand`,
    'Send a smaller quantity.',
  ],
});

export const stockOps = {
  adjust: op('POST /products/{product_id}/stock-adjustments', {
    access: 'staff',
    summary: 'Adds units to the stock, or with a minus takes them out, for a reason that the ledger keeps',
    status: 201,
    idempotent: true,
    example: { quantity: -2, reason: 'broken in the warehouse' },
    input: Type.Object({
      product_id: Id(),
      quantity: Type.Integer({ minimum: -MAX_STOCK, maximum: MAX_STOCK, not: { const: 0 }, description: 'not 0' }),
      reason: TextLine(MAX_REASON),
    }),
    output: StockAdjustment,
  }),
  ledger: op('GET /products/{product_id}/stock-ledger', {
    access: 'staff',
    summary: 'What happened to every unit of a product, newest first',
    input: Type.Object({ product_id: Id(), ...paging }),
    output: PageOf(StockEntry),
  }),
  stockFigures: op('GET /internal/stock/figures', {
    access: 'internal',
    summary: 'What became of the units of products, in the order of their ids, for who checks the books',
    input: Type.Object({ ...paging }),
    output: PageOf(StockFigures),
  }),
  correct: op('POST /internal/stock/corrections', {
    access: 'internal',
    summary: 'Books the difference that the figures of a product show, as an entry that says so',
    input: Type.Object({ product_id: Id() }),
    output: Nothing(),
  }),
  orderUnits: op('GET /internal/stock/orders', {
    access: 'internal',
    summary: 'The units that are held for orders or were shipped, newest order first, for who checks the books',
    input: Type.Object({
      held: Type.Optional(Type.Boolean({ description: 'only those that are held' })),
      ...paging,
    }),
    output: PageOf(OrderUnits),
  }),
  findOrderUnits: op('POST /internal/stock/orders/find', {
    access: 'internal',
    summary: 'The units that are held for these orders or were shipped; an order of which nothing is kept is left out',
    input: Type.Object({ order_ids: Type.Array(Id(), { maxItems: 200 }) }),
    output: Type.Object({ items: Type.Array(OrderUnits) }),
  }),
  ship: op('POST /internal/reservations/ship', {
    access: 'internal',
    summary: 'The units that are held for these orders have left the shop; once, however often it is asked',
    input: Type.Object({ order_ids: Type.Array(Id(), { maxItems: 1000 }) }),
    output: Nothing(),
  }),
};
