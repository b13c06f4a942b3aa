import { type Static, Type } from '@sinclair/typebox';
import { Amount, Currency, contract, event, Id, Time } from '../../platform/contract.ts';
import { errors } from '../../platform/errors.ts';

/** Money that moved for one transaction. The totals of its invoice count this movement and all before it. */
export const Movement = Type.Object({
  transaction_id: Id(),
  user_id: Id(),
  amount: Amount('what moved now'),
  currency: Currency(),
  /** Null for a transaction that belongs to no invoice; then the totals are null too. */
  invoice_id: Type.Union([Id(), Type.Null()]),
  order_id: Type.Union([Id(), Type.Null()]),
  paid_total: Type.Union([Amount('paid for the invoice so far'), Type.Null()]),
  refunded_total: Type.Union([Amount('refunded of that so far'), Type.Null()]),
  at: Time(),
});
export type Movement = Static<typeof Movement>;

export const paymentEvents = {
  transactionCreated: event(
    'transaction.created',
    'an amount is to be paid',
    Type.Object({
      event_type: Type.Literal('transaction.created'),
      transaction_id: Id(),
      user_id: Id(),
      amount: Amount(),
      description: Type.String(),
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
  captured: event('payment.captured', 'a transaction was paid', Movement),
  refunded: event('payment.refunded', 'a paid transaction was given back, in whole or in part', Movement),
};

export const paymentErrors = errors('PAYMENT', {
  NOT_FOUND: ['not_found', 'transaction not found'],
});

export const paymentOps = {};

export const paymentContract = contract({
  name: 'payment',
  summary: 'What is owed, paid and given back, and the ledger underneath.',
  port: 8082,
  topic: 'transactions',
  ops: paymentOps,
  events: paymentEvents,
  errors: paymentErrors,
});
