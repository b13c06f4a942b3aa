import { type Static, Type } from 'typebox';
import {
  Amount,
  Currency,
  contract,
  Download,
  Id,
  Nothing,
  OneOf,
  op,
  Time,
} from '../../platform/contract/contract.ts';
import { errors } from '../../platform/contract/errors.ts';
import { booksOps } from './books/analytics.books.contract.ts';
import { FigureCheck, SLICE } from './check/analytics.check.contract.ts';

/** What can be followed over time. */
export const Metric = OneOf('orders', 'revenue', 'transactions', 'payments', 'refunds', 'users');
export type Metric = Static<typeof Metric>;
export const Interval = OneOf('hour', 'day', 'week', 'month');
export type Interval = Static<typeof Interval>;

export const MAX_POINTS = 1_000;

const count = (description?: string) => Type.Integer({ description });

/** The figures of the whole shop as they stand. Counts are of everything, amounts of one currency. */
export const Stats = Type.Object(
  {
    currency: Currency(),
    time_zone: Type.String({ description: 'whose hours, days and months the figures are kept by' }),
    total_transactions: count(),
    total_amount: Amount('of all transactions, paid or not'),
    total_paid_transactions: count(),
    total_paid_amount: Amount('what came in'),
    total_refunded_amount: Amount('what went back of that'),
    events_processed: count('each counted once, however often it came'),
    unique_users: count('users who have a transaction'),
    last_event_time: Type.Union([Time(), Type.Null()]),
    registered_users: count(),
    orders: Type.Object({
      total: count(),
      pending: count(),
      confirmed: count(),
      completed: count(),
      cancelled: count(),
      paid: count('not cancelled and nothing is owed, also those with a total of 0'),
    }),
    revenue: Type.Object(
      {
        net: Amount('subtotals, less what was credited of them'),
        tax: Amount('less what was credited of it'),
        gross: Amount('totals, less what was credited'),
        refunded: Amount('what was given back, as credits and as corrections'),
        credited: Amount('of that the credits, which lower net, tax and gross'),
        paid: Amount('what came in, less what was given back'),
      },
      { description: 'of the orders that were placed and not cancelled' },
    ),
    invoices: Type.Object({
      total: count(),
      draft: count(),
      sent: count(),
      paid: count(),
      cancelled: count(),
      amount_outstanding: Amount('what is sent and not yet paid'),
    }),
    shipments: Type.Object({
      total: count(),
      pending: count(),
      packed: count(),
      shipped: count(),
      in_transit: count(),
      delivered: count(),
      failed: count(),
      returned: count(),
      cancelled: count(),
    }),
  },
  { title: 'Stats' },
);
export type Stats = Static<typeof Stats>;

export const Point = Type.Object(
  {
    bucket: Type.String({
      format: 'date-time',
      description: 'its beginning; weeks begin on Monday, days when they begin in the time zone of the figures',
    }),
    count: count(),
    amount: Amount(),
  },
  { title: 'SeriesPoint' },
);
export type Point = Static<typeof Point>;

export const TopProduct = Type.Object(
  {
    product_id: Id(),
    name: Type.String(),
    category: Type.Union([Type.String(), Type.Null()]),
    quantity: Type.Integer(),
    revenue: Amount('of its lines, without tax'),
  },
  { title: 'TopProduct' },
);
export type TopProduct = Static<typeof TopProduct>;

export const CategoryRevenue = Type.Object(
  {
    day: Type.String({ description: 'as 2026-11-21, in the time zone of the figures' }),
    category: Type.Union([Type.String(), Type.Null()], { description: 'as it is now; null: the product is not known' }),
    quantity: Type.Integer(),
    revenue: Amount('of its lines, without tax'),
  },
  { title: 'CategoryRevenue' },
);
export type CategoryRevenue = Static<typeof CategoryRevenue>;

/** What can be taken away as a file. */
export const Exported = OneOf('timeseries', 'top-products', 'revenue');
export type Exported = Static<typeof Exported>;
export const Format = OneOf('csv', 'parquet');
export type Format = Static<typeof Format>;
export const MEDIA_TYPES = { csv: 'text/csv; charset=utf-8', parquet: 'application/vnd.apache.parquet' } as const;

export const Rebuilt = Type.Object(
  {
    events: count('in the log'),
    figures: count('that were made of them'),
    mended: count('of these that had said something else before'),
  },
  { title: 'Rebuilding' },
);
export type Rebuilt = Static<typeof Rebuilt>;

export const analyticsErrors = errors('ANALYTICS', {
  BAD_TIME: [
    'invalid',
    ({ name }: { name: string }) => `${name} must be a day such as 2026-11-21, or a time of RFC 3339`,
    'Write 2026-11-21, or 2026-11-21T09:30:00Z.',
  ],
  NO_SPAN: ['invalid', 'from must be before to', 'Exchange the two, or leave `to` out: it is then now.'],
  TOO_MANY_POINTS: [
    'invalid',
    ({ points }: { points: number }) => `that is more than ${points} points; take a longer interval or a shorter time`,
    'Ask for days instead of hours, or for a part of the time.',
  ],
  REBUILDING: [
    'conflict',
    'the figures are being rebuilt already',
    'Wait until it is done; GET /stats/check says whether the figures agree then.',
  ],
});

const time = (description: string) => Type.Optional(Type.String({ maxLength: 40, description }));
const currency = Type.Optional(Currency());
const span = {
  from: time('a day of the shop or a time of RFC 3339; the bucket that it lies in is the first'),
  to: time('likewise, not included; now when not given'),
};

export const analyticsOps = {
  stats: op('GET /stats', {
    access: 'staff',
    summary: 'The figures of the shop as they stand',
    input: Type.Object({ currency }),
    output: Stats,
  }),
  timeseries: op('GET /stats/timeseries', {
    access: 'staff',
    summary: 'One figure over time; hours, days, weeks or months without any are there with 0',
    input: Type.Object({ metric: Metric, interval: Type.Optional(Interval), ...span, currency }),
    output: Type.Array(Point),
  }),
  topProducts: op('GET /stats/top-products', {
    access: 'staff',
    summary: 'What was ordered most and not cancelled, in whole days of the shop',
    input: Type.Object({
      ...span,
      by: Type.Optional(OneOf('quantity', 'revenue')),
      category: Type.Optional(Type.String({ maxLength: 100 })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 10 })),
      currency,
    }),
    output: Type.Array(TopProduct),
  }),
  revenue: op('GET /stats/revenue', {
    access: 'staff',
    summary: 'What was ordered and not cancelled, for each day of the shop and category that had any',
    input: Type.Object({ ...span, currency }),
    output: Type.Array(CategoryRevenue),
  }),
  export: op('GET /stats/export', {
    access: 'staff',
    summary: 'Figures as a file: amounts are decimals in CSV, and DECIMAL(18, 2) in Parquet',
    input: Type.Object({
      what: Exported,
      format: Type.Optional(Format),
      ...span,
      currency,
      metric: Type.Optional(Metric),
      interval: Type.Optional(Interval),
      by: Type.Optional(OneOf('quantity', 'revenue')),
      category: Type.Optional(Type.String({ maxLength: 100 })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, default: 1_000 })),
    }),
    output: Download(MEDIA_TYPES.csv, MEDIA_TYPES.parquet),
  }),
  stream: op('GET /stats/stream', {
    access: 'staff',
    summary: 'The figures of the shop now, and again whenever they change',
    stream: true,
    input: Type.Object({ currency }),
    output: Stats,
  }),
  check: op('GET /stats/check', {
    access: 'staff',
    summary: 'Compares what was counted with what the owners have, and names what differs',
    input: Type.Object({
      recent: Type.Optional(
        Type.Boolean({ description: `only the newest ids and the next of the older ones, ${SLICE} each` }),
      ),
    }),
    output: FigureCheck,
  }),
  ...booksOps,
  rebuild: op('POST /stats/rebuild', {
    access: 'admin',
    summary: 'Makes every figure anew from the log of the events',
    input: Nothing(),
    output: Rebuilt,
  }),
};

export const analyticsContract = contract({
  name: 'analytics',
  summary: 'The figures of the shop: counted from events, each once, as they happen.',
  port: 8083,
  topic: 'analytics',
  ops: analyticsOps,
  events: {},
  errors: analyticsErrors,
  answers: new URL('./analytics.answers.json', import.meta.url),
});
