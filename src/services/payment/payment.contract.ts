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
import { reconciliationOp } from '../../platform/contract/reconciliation.ts';
import { Pattern, TextLine } from '../../platform/contract/schema/text.ts';
import { paymentErrors } from './payment.errors.contract.ts';
import { ledgerOps, prefixed } from './payment.ledger.contract.ts';
import { receivableOps } from './receivables/payment.receivables.contract.ts';
import { exportOps } from './webhook-export/payment.webhook-export.contract.ts';

export { paymentErrors };

const STATUSES = ['open', 'processing', 'paid', 'partially_refunded', 'refunded', 'voided'] as const;
export type TransactionStatus = (typeof STATUSES)[number];
const Status = () => Type.Unsafe<TransactionStatus>({ type: 'string', enum: [...STATUSES] });
const PAYMENT_STATUSES = ['started', 'captured', 'failed'] as const;
export type ProviderPaymentStatus = (typeof PAYMENT_STATUSES)[number];
const REFUND_STATUSES = ['started', 'done', 'failed'] as const;
export type RefundStatus = (typeof REFUND_STATUSES)[number];

const REFUND_KINDS = ['credit', 'correction'] as const;
export type RefundKind = (typeof REFUND_KINDS)[number];
const Kind = (description?: string) =>
  Type.Unsafe<RefundKind>({ type: 'string', enum: [...REFUND_KINDS], description });

const idOrNull = (description?: string) => Type.Unsafe<number | null>({ type: ['integer', 'null'], description });
/** How much of what a provider says of a failure is kept. */
export const MAX_REASON = 500;
const textOrNull = (description?: string) =>
  Type.Unsafe<string | null>({ type: ['string', 'null'], maxLength: MAX_REASON, description });
const TimeOrNull = () => Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'date-time' });

/** What the world sees of a transaction. */
export const Transaction = Type.Object(
  {
    id: Id(),
    user_id: Id(),
    amount: Amount(),
    description: Type.String(),
    is_paid: Type.Boolean({ description: 'paid, whether or not some of it was given back later' }),
    created_at: Time(),
    currency: Currency(),
    status: Status(),
    invoice_id: idOrNull(),
    order_id: idOrNull(),
    refunded_total: Amount(),
    paid_at: TimeOrNull(),
  },
  { title: 'Transaction' },
);
export type Transaction = Static<typeof Transaction>;

/** Money that moved for one transaction. The totals of its invoice count this movement and all before it. */
export const MoneyMovement = Type.Object({
  transaction_id: Id(),
  user_id: Id(),
  amount: Amount('what moved now'),
  currency: Currency(),
  /** Null for a transaction that belongs to no invoice; then the totals are null too. */
  invoice_id: Type.Union([Id(), Type.Null()]),
  order_id: Type.Union([Id(), Type.Null()]),
  paid_total: Type.Union([Amount('paid for the invoice so far'), Type.Null()]),
  refunded_total: Type.Union([Amount('refunded of that so far'), Type.Null()]),
  /** Left out by versions before there were corrections: all that was refunded was credited. */
  credited_total: Type.Optional(Type.Union([Amount('of that, what is not owed any more'), Type.Null()])),
  at: Time(),
});
export type MoneyMovement = Static<typeof MoneyMovement>;

const Step = Type.Object({
  user_id: Id(),
  amount: Amount(),
  currency: Currency(),
  provider: Type.String({ maxLength: 40 }),
  reason: textOrNull('why it failed'),
  at: Time(),
});

export const paymentEvents = {
  transactionCreated: event(
    'transaction.created',
    'an amount is to be paid',
    Type.Object({
      event_type: Type.Literal('transaction.created'),
      transaction_id: Id(),
      user_id: Id(),
      amount: Amount(),
      description: Type.String({ maxLength: 500 }),
      timestamp: Time(),
    }),
  ),
  transactionPaid: event(
    'transaction.paid',
    'a user paid all that was open; the subject is the user',
    Type.Object({
      event_type: Type.Literal('transaction.paid'),
      user_id: Id(),
      transactions_paid: Type.Integer(),
      timestamp: Time(),
    }),
  ),
  captured: event(
    'payment.captured',
    'a transaction was paid',
    Type.Object({
      ...MoneyMovement.properties,
      provider: Type.Optional(Type.String({ maxLength: 40, description: 'through whom, such as manual' })),
    }),
  ),
  refunded: event(
    'payment.refunded',
    'a paid transaction was given back, in whole or in part',
    Type.Object({
      ...MoneyMovement.properties,
      kind: Type.Optional(Kind('whether it lowers what is owed, or makes it owed again; left out: credit')),
    }),
  ),
  transactionVoided: event(
    'transaction.voided',
    'an open transaction is not to be paid any more, because its order was cancelled',
    Type.Object({
      transaction_id: Id(),
      user_id: Id(),
      amount: Amount(),
      currency: Currency(),
      invoice_id: idOrNull(),
      order_id: idOrNull(),
      at: Time(),
    }),
  ),
  receivableClosed: event(
    'receivable.closed',
    'nothing more is to be paid for an order: its invoice was cancelled; the subject is the order',
    Type.Object({
      order_id: Id(),
      user_id: Id(),
      invoice_id: idOrNull(),
      amount: Amount('what is not owed any more'),
      currency: Currency(),
      at: Time(),
    }),
  ),
  started: event('payment.started', 'a provider is asked for money; the subject is the payment', Step),
  failed: event('payment.failed', 'a provider refused; what was to be paid is open again', Step),
  refundStarted: event('refund.started', 'a provider is asked to give money back; the subject is the refund', Step),
  refundFailed: event('refund.failed', 'a provider gave nothing back', Step),
};

/** A sum that was given back. A credit has a credit note that documents it; a correction has none. */
export const CreditNote = Type.Object(
  {
    credit_note_id: Id(),
    number: textOrNull(
      'gapless per year, such as CN-2026-000001; null until the money is given back, and for a correction',
    ),
    kind: Kind(),
    transaction_id: Id(),
    user_id: Id(),
    invoice_id: idOrNull(),
    order_id: idOrNull(),
    amount: Amount(),
    currency: Currency(),
    reason: Type.String(),
    status: Type.Unsafe<RefundStatus>({ type: 'string', enum: [...REFUND_STATUSES] }),
    created_at: Time(),
  },
  { title: 'CreditNote' },
);
export type CreditNote = Static<typeof CreditNote>;

const Paid = Type.Object(
  {
    message: Type.String(),
    transactions_paid: Type.Integer(),
    total_paid: Amount(),
    currency: Currency(),
    transactions: Type.Array(Transaction),
    more: Type.Boolean({ description: 'more is open than one request pays; ask again' }),
    payment: Type.Optional(
      Type.Object({
        payment_id: Id(),
        provider: Type.String(),
        status: Type.Unsafe<ProviderPaymentStatus>({ type: 'string', enum: [...PAYMENT_STATUSES] }),
        client_secret: Type.Optional(Type.String({ description: "what the provider's own page needs to go on" })),
      }),
    ),
  },
  { title: 'PaidTransactions' },
);

const whose = { user_id: Type.Optional(Id()), all: Type.Optional(Type.Boolean()) };

const transactionOps = {
  create: op('POST /transactions', {
    access: 'customer',
    summary: 'Makes an amount due: for an invoice up to its total, else up to the maximum of a user',
    status: 201,
    idempotent: true,
    aliases: prefixed('/transactions'),
    example: { amount: 32.99, description: 'a mouse' },
    input: Type.Object({
      user_id: Type.Optional(Id()),
      amount: Money({ minimum: 0.01 }),
      description: TextLine(500),
      invoice_id: Type.Optional(Id()),
    }),
    output: Transaction,
  }),
  list: op('GET /transactions/list', {
    access: 'customer',
    summary: "One's own transactions, newest first; for staff those of a user, or everybody's with all=true",
    aliases: prefixed('/transactions/list'),
    input: Type.Object({ ...whose, status: Type.Optional(Status()), invoice_id: Type.Optional(Id()), ...paging }),
    output: PageOf(Transaction),
  }),
  get: op('GET /transactions/{transaction_id}', {
    access: 'customer',
    summary: 'One transaction',
    aliases: prefixed('/transactions/{transaction_id}'),
    input: Type.Object({ transaction_id: Id() }),
    output: Transaction,
  }),
  pay: op('POST /transactions/pay', {
    access: 'customer',
    summary: 'Pays all that is open of a user, in one act; says what it paid',
    idempotent: true,
    aliases: prefixed('/transactions/pay'),
    alsoQuery: ['user_id'],
    example: { payment_method: 'card' },
    input: Type.Object({
      user_id: Type.Optional(Id()),
      payment_method: Type.Optional(
        Pattern('^[A-Za-z0-9_-]{1,255}$', 'the name that the provider gives it: letters, digits, _ and -'),
      ),
    }),
    output: Paid,
  }),
  refund: op('POST /transactions/{transaction_id}/refund', {
    access: 'staff',
    summary: 'Gives back what was paid: a credit lowers what is owed, a correction makes it owed again',
    status: 201,
    idempotent: true,
    aliases: prefixed('/transactions/{transaction_id}/refund'),
    example: { amount: 10, reason: 'a scratch' },
    input: Type.Object({
      transaction_id: Id(),
      amount: Type.Optional(Money({ minimum: 0.01 })),
      reason: TextLine(200),
      kind: Type.Optional(Kind('credit unless it is given; a refund without an invoice is always a credit')),
    }),
    output: CreditNote,
  }),
  creditNotes: op('GET /credit-notes', {
    access: 'customer',
    summary: "One's own credit notes, newest first; for staff those of a user, or everybody's with all=true",
    aliases: prefixed('/credit-notes'),
    input: Type.Object({ ...whose, ...paging }),
    output: PageOf(CreditNote),
  }),
  creditNote: op('GET /credit-notes/{credit_note_id}', {
    access: 'customer',
    summary: 'One credit note',
    aliases: prefixed('/credit-notes/{credit_note_id}'),
    input: Type.Object({ credit_note_id: Id() }),
    output: CreditNote,
  }),
};

const providerOps = {
  stripeWebhook: op('POST /webhooks/stripe', {
    access: 'public',
    summary: 'What Stripe says; signed by it. Repeated or late, it does no harm',
    aliases: prefixed('/webhooks/stripe'),
    signedBy: 'stripe-signature',
    // Stripe sends the whole object that an event is about.
    maxBody: 262_144,
    example: { id: 'evt_1', type: 'payment_intent.succeeded' },
    input: Type.Object({ body: Type.String(), signature: Type.String() }),
    output: Type.Object({ received: Type.Boolean() }),
  }),
  figures: reconciliationOp('transactions'),
  settle: op('POST /internal/payments/settle', {
    access: 'internal',
    summary: 'Goes on with what was interrupted: payments, refunds, and what cancelled orders leave behind',
    input: Nothing(),
    output: Type.Object({ settled: Type.Integer() }),
  }),
};

export const paymentOps = { ...transactionOps, ...receivableOps, ...ledgerOps, ...providerOps, ...exportOps };

export const paymentContract = contract({
  name: 'payment',
  summary: 'What is owed, paid and given back, and the ledger underneath.',
  port: 8082,
  topic: 'transactions',
  ops: paymentOps,
  events: paymentEvents,
  errors: paymentErrors,
  answers: new URL('./payment.answers.json', import.meta.url),
});
