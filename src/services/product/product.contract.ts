import { type Static, Type } from 'typebox';
import {
  Amount,
  Currency,
  contract,
  event,
  Id,
  Money,
  Nothing,
  op,
  PageOf,
  paging,
  Time,
} from '../../platform/contract/contract.ts';
import { errors } from '../../platform/contract/errors.ts';
import { TextLine, TextOrNothing } from '../../platform/contract/schema/text.ts';
import { MAX_STOCK, stockErrors, stockEvents, stockOps } from './stock/product.stock.contract.ts';

export const MAX_QUANTITY = 100_000;
export const MAX_LINES = 100;
/** How long the texts of a product may be, in characters: its events, and those of its orders, must fit every bus. */
export const MAX_NAME = 200;
const MAX_DESCRIPTION = 5_000;
const MAX_CATEGORY = 100;

/** A description of 5,000 characters, each written as two escapes of six bytes. */
const LONG_BODY = 98_304;

const stock = Type.Union([Type.Integer({ minimum: 0, maximum: MAX_STOCK }), Type.Null()], {
  description: 'units that may still be sold; null: not tracked, only in_stock counts',
});

/** What the world sees of a product. */
export const Product = Type.Object(
  {
    product_id: Id(),
    name: Type.String({ maxLength: MAX_NAME }),
    description: Type.String({ maxLength: MAX_DESCRIPTION }),
    price: Amount(),
    currency: Currency(),
    category: Type.String({ maxLength: MAX_CATEGORY }),
    in_stock: Type.Boolean(),
    stock_quantity: Type.Union([Type.Integer(), Type.Null()]),
    created_at: Time(),
    updated_at: Time(),
    withdrawn_at: Type.Optional(
      Type.String({ format: 'date-time', description: 'only there when it is not in the catalogue any more' }),
    ),
  },
  { title: 'Product' },
);
export type Product = Static<typeof Product>;

const fields = {
  name: TextLine(MAX_NAME),
  description: TextOrNothing(MAX_DESCRIPTION),
  price: Money(),
  currency: Currency(),
  category: TextLine(MAX_CATEGORY),
  in_stock: Type.Boolean(),
  stock_quantity: stock,
};

const optional = {
  description: Type.Optional(fields.description),
  currency: Type.Optional(fields.currency),
  in_stock: Type.Optional(fields.in_stock),
  stock_quantity: Type.Optional(fields.stock_quantity),
};

export const CreateProduct = Type.Object({
  name: fields.name,
  price: fields.price,
  category: fields.category,
  ...optional,
});
export type CreateProduct = Static<typeof CreateProduct>;

/** A field that only the shop sets: accepted as it was read, so that what was read can be written back. */
const asRead = Type.Optional(Type.String({ format: 'date-time', readOnly: true }));

export const UpdateProduct = Type.Object({
  product_id: Id(),
  name: Type.Optional(fields.name),
  price: Type.Optional(fields.price),
  category: Type.Optional(fields.category),
  ...optional,
  created_at: asRead,
  updated_at: asRead,
  withdrawn_at: asRead,
});
export type UpdateProduct = Static<typeof UpdateProduct>;

/** One wanted line: which product, how many. */
export const LineItem = Type.Object(
  { product_id: Id(), quantity: Type.Integer({ minimum: 1, maximum: MAX_QUANTITY }) },
  { title: 'OrderLine', additionalProperties: false },
);
export type LineItem = Static<typeof LineItem>;

export const LineItems = Type.Array(LineItem, { minItems: 1, maxItems: MAX_LINES });

const Availability = Type.Object(
  {
    available: Type.Boolean(),
    items: Type.Array(
      Type.Object({
        product_id: Id(),
        available: Type.Boolean(),
        in_stock: Type.Boolean(),
        stock_quantity: Type.Union([Type.Integer(), Type.Null()]),
        unit_price: Type.Union([Amount(), Type.Null()]),
      }),
    ),
  },
  { title: 'Availability' },
);
export type Availability = Static<typeof Availability>;

/** What became of one wanted line; the facts of the product are there unless it was not found. */
export const ReservedLine = Type.Object({
  product_id: Id(),
  quantity: Type.Integer(),
  outcome: Type.Union([
    Type.Literal('reserved'),
    Type.Literal('not_found'),
    Type.Literal('out_of_stock'),
    Type.Literal('short'),
    Type.Literal('other_currency'),
    Type.Literal('over_limit'),
  ]),
  name: Type.String(),
  description: Type.String(),
  unit_price: Amount(),
  currency: Type.String(),
  /** Units that could have been had, when the outcome is `short`. */
  left: Type.Integer(),
  /** When the outcome is `over_limit`: how many unpaid units the customer may hold, and how many are held already. */
  limit: Type.Optional(Type.Integer()),
  held: Type.Optional(Type.Integer()),
});
export type ReservedLine = Static<typeof ReservedLine>;

/** All lines are reserved, or none. */
export const Reservation = Type.Object({ order_id: Id(), reserved: Type.Boolean(), lines: Type.Array(ReservedLine) });
export type Reservation = Static<typeof Reservation>;

export const productEvents = {
  created: event('product.created', 'a product came into the catalogue', Product),
  updated: event('product.updated', 'a product changed, or came back into the catalogue', Product),
  withdrawn: event('product.withdrawn', 'a product left the catalogue; orders that have it keep it', Product),
  ...stockEvents,
};

export const productErrors = {
  ...errors('PRODUCT', {
    NOT_FOUND: ['not_found', 'product not found', 'Check the id; GET /products lists what there is.'],
    EXISTS: [
      'conflict',
      'this product exists already',
      'Read it with GET /products/{product_id}, and change it with PUT.',
    ],
    OTHER_CURRENCY: [
      'invalid',
      ({ currency, shop_currency }: { currency: string; shop_currency: string }) =>
        `currency is ${currency}, and this shop is paid in ${shop_currency}`,
      'Leave the currency out, or send the one that the sentence names; CURRENCY sets it for the shop.',
    ],
  }),
  ...stockErrors,
};

export const productOps = {
  list: op('GET /products', {
    access: 'public',
    summary: 'The catalogue, by category, text and stock',
    input: Type.Object({
      category: Type.Optional(Type.String({ maxLength: 100 })),
      q: Type.Optional(
        Type.String({ maxLength: 200, description: 'words, or beginnings of words, of name and description' }),
      ),
      in_stock: Type.Optional(Type.Boolean()),
      ...paging,
    }),
    output: PageOf(Product),
  }),
  get: op('GET /products/{product_id}', {
    access: 'public',
    summary: 'One product',
    input: Type.Object({ product_id: Id() }),
    output: Product,
  }),
  byCategory: op('GET /products/category/{name}', {
    access: 'public',
    summary: 'The products of a category',
    input: Type.Object({ name: Type.String({ maxLength: 100 }), ...paging }),
    output: PageOf(Product),
  }),
  create: op('POST /products', {
    access: 'staff',
    summary: 'Puts a product into the catalogue',
    status: 201,
    idempotent: true,
    maxBody: LONG_BODY,
    example: { name: 'Desk lamp', price: 39.9, category: 'Home', stock_quantity: 25 },
    input: CreateProduct,
    output: Product,
  }),
  update: op('PUT /products/{product_id}', {
    access: 'staff',
    summary: 'Changes the fields that are given; what was read can be written back as it is',
    changes: 'get',
    maxBody: LONG_BODY,
    example: { price: 34.9, stock_quantity: 40 },
    input: UpdateProduct,
    output: Product,
  }),
  withdraw: op('DELETE /products/{product_id}', {
    access: 'staff',
    summary: 'Takes a product out of the catalogue: not listed, not orderable, kept for the orders that have it',
    changes: 'get',
    input: Type.Object({ product_id: Id() }),
    output: Product,
  }),
  restore: op('POST /products/{product_id}/restore', {
    access: 'staff',
    summary: 'Puts a withdrawn product back into the catalogue',
    input: Type.Object({ product_id: Id() }),
    output: Product,
  }),
  availability: op('POST /availability', {
    access: 'public',
    summary: 'Whether these quantities could be ordered now',
    example: { items: [{ product_id: 1, quantity: 2 }] },
    input: Type.Object({ items: LineItems }),
    output: Availability,
  }),
  reserve: op('POST /internal/reservations', {
    access: 'internal',
    summary: 'Sets units aside for an order, all lines or none; again for the same order or request: renews it',
    input: Type.Object({
      order_id: Id(),
      items: LineItems,
      request: Type.Optional(Type.String()),
      /** The customer of the order, when that is not who acts. */
      user_id: Type.Optional(Id()),
    }),
    output: Reservation,
  }),
  renew: op('POST /internal/reservations/{order_id}/renew', {
    access: 'internal',
    summary: 'Lets the reservation of an order run out later, if there is one; it is asked about again then',
    input: Type.Object({ order_id: Id() }),
    output: Nothing(),
  }),
  release: op('POST /internal/reservations/{order_id}/release', {
    access: 'internal',
    summary: 'Gives the units of an order back; once, however often it is asked',
    input: Type.Object({ order_id: Id() }),
    output: Nothing(),
  }),
  expired: op('GET /internal/reservations/expired', {
    access: 'internal',
    summary: 'Orders whose reservation has run out and is neither kept nor given back',
    input: Type.Object({ limit: Type.Integer({ minimum: 1, maximum: 1000 }) }),
    output: Type.Object({ order_ids: Type.Array(Id()) }),
  }),
  keep: op('POST /internal/reservations/keep', {
    access: 'internal',
    summary: 'Reservations whose orders exist: they no longer expire',
    input: Type.Object({ order_ids: Type.Array(Id(), { maxItems: 1000 }) }),
    output: Nothing(),
  }),
  ...stockOps,
};

export const productContract = contract({
  name: 'product',
  summary: 'The catalogue and its stock.',
  port: 3003,
  topic: 'products',
  ops: productOps,
  events: productEvents,
  errors: productErrors,
  answers: new URL('./product.answers.json', import.meta.url),
});
