import { Type } from 'typebox';
import {
  Amount,
  Currency,
  contract,
  Id,
  Money,
  Nothing,
  op,
  PageOf,
  paging,
} from '../../platform/contract/contract.ts';
import { reconciliationOp } from '../../platform/contract/reconciliation.ts';
import { Pattern, TextLine } from '../../platform/contract/schema/text.ts';
import { ledgerOps, prefixed } from './ledger/payment.ledger.contract.ts';
import { paymentErrors } from './payment.errors.contract.ts';
import { paymentEvents } from './payment.events.contract.ts';
import {
  CreditNote,
  KindOfRefund,
  PAYMENT_STATUSES,
  type ProviderPaymentStatus,
  Status,
  Transaction,
} from './payment.types.contract.ts';
import { receivableOps } from './receivables/payment.receivables.contract.ts';
import { exportOps } from './webhook-export/payment.webhook-export.contract.ts';

export { type MoneyMovement, paymentEvents } from './payment.events.contract.ts';
export {
  type CreditNote,
  MAX_REASON,
  type ProviderPaymentStatus,
  type RefundKind,
  type RefundStatus,
  type Transaction,
  type TransactionStatus,
} from './payment.types.contract.ts';
export { paymentErrors };

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

/** The most transactions that one request names. */
const MAX_PAID_AT_ONCE = 200;

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
    summary: 'Pays these transactions or this invoice, without both all that is open of a user; all or nothing',
    idempotent: true,
    aliases: prefixed('/transactions/pay'),
    alsoQuery: ['user_id'],
    example: { payment_method: 'card' },
    input: Type.Object({
      user_id: Type.Optional(Id()),
      transaction_ids: Type.Optional(
        Type.Array(Id(), { minItems: 1, maxItems: MAX_PAID_AT_ONCE, uniqueItems: true, description: 'open ones' }),
      ),
      invoice_id: Type.Optional(Id()),
      payment_method: Type.Optional(
        Pattern('^[A-Za-z0-9_-]{1,255}$', 'the name that the provider gives it: letters, digits, _ and -'),
      ),
    }),
    output: Paid,
  }),
  withdraw: op('DELETE /transactions/{transaction_id}', {
    access: 'customer',
    summary: 'Withdraws a transaction that is open: it is not to be paid any more',
    changes: 'get',
    aliases: prefixed('/transactions/{transaction_id}'),
    input: Type.Object({ transaction_id: Id() }),
    output: Transaction,
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
      kind: Type.Optional(KindOfRefund('credit unless it is given; a refund without an invoice is always a credit')),
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
