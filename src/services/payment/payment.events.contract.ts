import { type Static, Type } from 'typebox';
import { Amount, Currency, event, Id, Time } from '../../platform/contract/contract.ts';
import { idOrNull, KindOfRefund, textOrNull } from './payment.types.contract.ts';

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
      kind: Type.Optional(KindOfRefund('whether it lowers what is owed, or makes it owed again; left out: credit')),
    }),
  ),
  transactionVoided: event(
    'transaction.voided',
    'an open transaction is not to be paid any more: it was withdrawn, its order or invoice was cancelled, or it was paid otherwise',
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
    'what was unpaid of an order is not owed any more: its invoice or the order was cancelled; the subject is the order',
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
