import { type Static, type TSchema, Type } from 'typebox';
import { Id, Nothing, OneOf, op, Time } from '../../../platform/contract/contract.ts';

/** Two books that are compared with each other. */
export const BookPair = OneOf(
  'order/receivable',
  'order/invoice',
  'invoice/receivable',
  'order/shipment',
  'order/stock',
  'product/stock',
);
export type BookPair = Static<typeof BookPair>;

const orNull = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()]);

const fields = {
  pair: BookPair,
  order_id: orNull(Id()),
  product_id: orNull(Id()),
  what: Type.String({ description: 'what they differ in, in a few words' }),
  left: Type.String({ description: 'what the first of the two says' }),
  right: Type.String({ description: 'what the second says' }),
  mend: Type.String({ description: 'what mends it: a command, a request as METHOD /path {body}, or a job' }),
};

const Event = Type.Object({ event_id: Type.String(), type: Type.String(), at: Time() }, { title: 'BookEvent' });

export const BookDifference = Type.Object(
  {
    ...fields,
    since: orNull(Time()),
    event: orNull(Event),
  },
  { title: 'BookDifference' },
);
/** A difference; `event` is the newest of the order's timeline, and `since` is when that was. */
export type BookDifference = Static<typeof BookDifference>;

/** What differs, before it is known since when. */
export type BookFinding = Static<ReturnType<typeof findingSchema>>;
const findingSchema = () => Type.Object(fields);

const OpenDifference = Type.Object(
  { ...BookDifference.properties, first_seen: Time(), last_seen: Time() },
  { title: 'OpenBookDifference' },
);

const BooksState = Type.Object(
  {
    last_run_at: orNull(Time()),
    round: Type.Object(
      {
        began_at: orNull(Time()),
        finished_at: orNull(Time()),
        compared: Type.Integer({ description: 'orders and other things compared in it so far' }),
      },
      { title: 'BooksRound', description: 'a comparison of everything, some pages in each run' },
    ),
    young: Type.Integer({
      description: 'differences that are younger than a minute: their events may be on their way',
    }),
    open: Type.Array(OpenDifference, { description: 'differences that stayed, oldest first, at most 100' }),
    open_total: Type.Integer(),
  },
  { title: 'BooksState', description: 'of the job compare_books, in the process that answers' },
);
export type BooksState = Static<typeof BooksState>;

export const BooksPage = Type.Object(
  {
    compared: Type.Integer({ description: 'how many orders, or other things, this page has' }),
    differences: Type.Array(BookDifference),
    on_their_way: Type.Integer({ description: 'differences in what changed within the last minute; not named' }),
    next: orNull(Type.String({ description: 'the cursor of the next page; null: this was the last' })),
    state: BooksState,
  },
  { title: 'BooksPage' },
);
export type BooksPage = Static<typeof BooksPage>;

/** How many orders are compared at once: one call to each owner. */
export const BOOKS_PAGE = 200;

export const booksOps = {
  books: op('GET /stats/books', {
    access: 'staff',
    summary: 'Compares a page of orders, newest first, with their receivables, invoices, shipments and stock',
    input: Type.Object({
      from_id: Type.Optional(Id()),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: BOOKS_PAGE, default: BOOKS_PAGE })),
      cursor: Type.Optional(Type.String({ maxLength: 300 })),
    }),
    output: BooksPage,
  }),
  compareBooks: op('POST /internal/stats/compare-books', {
    access: 'internal',
    summary: 'Compares what changed, and the next pages of a round over everything; reports and changes nothing',
    input: Nothing(),
    output: Type.Object({ compared: Type.Integer(), appeared: Type.Integer(), mended: Type.Integer() }),
  }),
};
