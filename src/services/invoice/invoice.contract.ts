import { type Static, Type } from 'typebox';
import {
  Amount,
  Currency,
  contract,
  Download,
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
import { reconciliationOp } from '../../platform/contract/reconciliation.ts';
import { Pattern, TextLine } from '../../platform/contract/schema/text.ts';
import { OutsideMethod } from '../payment/receivables/payment.receivables.contract.ts';
import { MAX_LINES, MAX_NAME } from '../product/product.contract.ts';

const STATUSES = ['draft', 'sent', 'paid', 'cancelled'] as const;
export type InvoiceStatus = (typeof STATUSES)[number];

const Status = () => Type.Unsafe<InvoiceStatus>({ type: 'string', enum: [...STATUSES] });

/** A status as clients may write it. */
const InvoiceStatusInput = () =>
  Type.Unsafe<InvoiceStatus | 'canceled'>({ type: 'string', enum: [...STATUSES, 'canceled'] });
export type InvoiceStatusInput = InvoiceStatus | 'canceled';

const InvoiceItem = Type.Object(
  {
    product_id: Id(),
    product_name: Type.String({ maxLength: MAX_NAME }),
    description: Type.String(),
    quantity: Type.Integer(),
    unit_price: Amount(),
    total_price: Amount(),
  },
  { title: 'InvoiceItem' },
);

const fields = {
  invoice_id: Id(),
  order_id: Id(),
  user_id: Id(),
  username: Type.String({ maxLength: 64 }),
  invoice_number: Type.String({ maxLength: 40, description: 'gapless per year, such as INV-2026-000001' }),
  items: Type.Array(InvoiceItem),
  subtotal: Amount(),
  tax: Amount(),
  total: Amount(),
  currency: Currency(),
  status: Status(),
  created_at: Time(),
  due_date: Time(),
};

/** What moved for an invoice, and what is still owed: total − credited − (paid − refunded), never less than 0. */
const totals = {
  paid_total: Amount('ever paid'),
  refunded_total: Amount('ever given back'),
  credited_total: Amount('of what was given back, what is not owed any more'),
  open: Amount('what is still owed; 0 when it is cancelled'),
};

/** What the world sees of an invoice. */
export const Invoice = Type.Object({ ...fields, ...totals }, { title: 'Invoice' });
export type Invoice = Static<typeof Invoice>;

/** An invoice as it is announced: without what is said of its products, which no consumer needs. */
export const InvoiceMade = Type.Object({
  ...fields,
  items: Type.Array(Type.Omit(InvoiceItem, ['description']), { maxItems: MAX_LINES }),
});
export type InvoiceMade = Static<typeof InvoiceMade>;

const StatusChange = Type.Object({
  invoice_id: Id(),
  order_id: Id(),
  user_id: Id(),
  invoice_number: Type.String({ maxLength: 40 }),
  total: Amount(),
  currency: Currency(),
  from: Status(),
  to: Status(),
  at: Time(),
});

const BalanceChange = Type.Object({
  invoice_id: Id(),
  order_id: Id(),
  user_id: Id(),
  invoice_number: Type.String({ maxLength: 40 }),
  status: Status(),
  total: Amount(),
  ...totals,
  currency: Currency(),
  at: Time(),
});

export const invoiceEvents = {
  created: event('invoice.created', 'an order was invoiced', InvoiceMade),
  statusChanged: event(
    'invoice.status_changed',
    'an invoice was sent, paid or cancelled, or is owed again',
    StatusChange,
  ),
  balanceChanged: event(
    'invoice.balance_changed',
    'money moved for an invoice that keeps its status: a part was paid, or something was given back',
    BalanceChange,
  ),
};

export const invoiceErrors = errors('INVOICE', {
  NOT_FOUND: [
    'not_found',
    'invoice not found',
    'Check the id; GET /invoices lists your own, and POST /invoices makes the one of an order.',
  ],
  EXISTS: ['conflict', 'this order has an invoice already', 'Read it with GET /invoices/order/{order_id}.'],
  ORDER_CANCELLED: [
    'conflict',
    'a cancelled order is not invoiced',
    'Place the order again with POST /orders, and invoice that one.',
  ],
  ILLEGAL_STATUS: [
    'conflict',
    ({ from, to }: { from: InvoiceStatus; to: InvoiceStatus }) => `an invoice that is ${from} cannot become ${to}`,
    'A draft becomes sent, paid or cancelled, and a sent one paid or cancelled. What was paid is given back with POST /transactions/{transaction_id}/refund.',
  ],
});

/** With the status paid. */
const PaymentByHandInput = Type.Object(
  {
    method: Type.Optional(OutsideMethod),
    reference: Type.Optional(TextLine(140, 'what the statement of the bank says; a payment with it is recorded once')),
    date: Type.Optional(Pattern('^\\d{4}-\\d{2}-\\d{2}$', 'the day that it came, such as 2026-11-28; today otherwise')),
    amount: Type.Optional(Money({ minimum: 0.01, description: 'all that is owed unless it is given' })),
  },
  {
    title: 'PaymentByHand',
    additionalProperties: false,
    description: 'with the status paid; method is other unless it is given',
  },
);

const filters = { status: Type.Optional(InvoiceStatusInput()), ...paging };

/** An invoice as it is compared with the books of the other services. */
export const InvoiceInBooks = Type.Object({
  invoice_id: Id(),
  order_id: Id(),
  user_id: Id(),
  invoice_number: Type.String(),
  status: Status(),
  total: Amount(),
  currency: Currency(),
  paid_total: Amount(),
  refunded_total: Amount(),
  credited_total: Amount(),
  updated_at: Time(),
});
export type InvoiceInBooks = Static<typeof InvoiceInBooks>;

export const invoiceOps = {
  create: op('POST /invoices', {
    access: 'customer',
    summary: 'Invoices an order, once; after that it answers 200 with the invoice that is there',
    status: 201,
    idempotent: true,
    existing: true,
    example: { order_id: 1 },
    input: Type.Object({ order_id: Id() }),
    output: Invoice,
  }),
  list: op('GET /invoices', {
    access: 'customer',
    summary: "One's own invoices, newest first; with all=true everybody's, for staff",
    input: Type.Object({ all: Type.Optional(Type.Boolean()), ...filters }),
    output: PageOf(Invoice),
  }),
  get: op('GET /invoices/{invoice_id}', {
    access: 'customer',
    summary: 'One invoice',
    input: Type.Object({ invoice_id: Id() }),
    output: Invoice,
  }),
  byOrder: op('GET /invoices/order/{order_id}', {
    access: 'customer',
    summary: 'The invoice of an order',
    input: Type.Object({ order_id: Id() }),
    output: Invoice,
  }),
  byUser: op('GET /invoices/user/{user_id}', {
    access: 'customer',
    summary: 'The invoices of a user, newest first',
    input: Type.Object({ user_id: Id(), ...filters }),
    output: PageOf(Invoice),
  }),
  setStatus: op('PUT /invoices/{invoice_id}', {
    access: 'staff',
    changes: 'get',
    summary: 'Sends it, cancels it, or records money that came without a provider: paid, when nothing is owed after it',
    idempotent: true,
    example: { status: 'sent' },
    input: Type.Object({
      invoice_id: Id(),
      status: InvoiceStatusInput(),
      payment: Type.Optional(PaymentByHandInput),
    }),
    output: Invoice,
  }),
  pdf: op('GET /invoices/{invoice_id}/pdf', {
    access: 'customer',
    summary: 'The invoice as a page to print or send',
    input: Type.Object({ invoice_id: Id() }),
    output: Download('application/pdf'),
  }),
  compareReceivables: op('POST /internal/invoices/compare-receivables', {
    access: 'internal',
    summary: 'Compares invoices with their receivables: opens those that are missing, and makes up for lost events',
    input: Nothing(),
    output: Type.Object({ opened: Type.Integer(), followed: Type.Integer() }),
  }),
  findByOrders: op('POST /internal/invoices/find', {
    access: 'internal',
    summary: 'All invoices of these orders, also cancelled ones, for who compares the books',
    input: Type.Object({ order_ids: Type.Array(Id(), { maxItems: 200 }) }),
    output: Type.Object({ items: Type.Array(InvoiceInBooks) }),
  }),
  figures: reconciliationOp('invoices'),
};

export const invoiceContract = contract({
  name: 'invoice',
  summary: 'Invoices, their numbers and their pages.',
  port: 3006,
  topic: 'invoices',
  ops: invoiceOps,
  events: invoiceEvents,
  errors: invoiceErrors,
  answers: new URL('./invoice.answers.json', import.meta.url),
});
