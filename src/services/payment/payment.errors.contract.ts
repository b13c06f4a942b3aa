import { errors } from '../../platform/contract/errors.ts';
import { decimalText } from '../../platform/contract/money.ts';

export const paymentErrors = errors('PAYMENT', {
  NOT_FOUND: ['not_found', 'transaction not found', 'Check the id; GET /transactions/list lists your own.'],
  CREDIT_NOTE_NOT_FOUND: ['not_found', 'credit note not found', 'Check the id; GET /credit-notes lists your own.'],
  NOT_YOURS: [
    'forbidden',
    'only staff may make a transaction for somebody else',
    'Leave user_id out: the transaction is then your own.',
  ],
  LIMIT: [
    'invalid',
    ({ max_allowed }: { current_total: number; max_allowed: number }) =>
      `total amount exceeds maximum of ${max_allowed}`,
    'Take a smaller amount; what is open or paid counts, what was given back does not. With invoice_id there is no limit.',
  ],
  OTHER_OWNER: [
    'invalid',
    'this invoice belongs to another user',
    'Leave user_id out, or name the user whom the invoice belongs to.',
  ],
  OTHER_CURRENCY: [
    'conflict',
    ({ invoice, ours }: { invoice: string; ours: string }) =>
      `the invoice is in ${invoice}, and transactions are in ${ours}`,
    'Settle this invoice outside of this shop: it takes one currency, that of the setting CURRENCY.',
  ],
  INVOICE_NOT_FOUND: [
    'not_found',
    'invoice not found',
    'Check the id; GET /invoices lists your own. POST /invoices {"order_id"} makes the invoice of an order payable.',
  ],
  ORDER_CLOSED: ['conflict', 'a cancelled order owes nothing', 'Place the order again with POST /orders.'],
  INVOICE_OPEN: [
    'conflict',
    'another invoice of this order is open',
    'Cancel it first with PUT /invoices/{invoice_id} {"status":"cancelled"}.',
  ],
  CAPTURE_RUNNING: [
    'conflict',
    'a payment provider is being asked for money for this invoice',
    'Try again when it has answered: GET /transactions/list?invoice_id= shows its transactions, without `processing`.',
  ],
  INVOICE_CANCELLED: [
    'conflict',
    'a cancelled invoice is not paid',
    'Nothing is owed for it; GET /orders/{order_id}/explain says how its order goes on.',
  ],
  INVOICE_PAID: [
    'conflict',
    'this invoice is paid already',
    'Nothing is left to pay; GET /transactions/list?invoice_id= shows what was paid.',
  ],
  INVOICE_COVERED: [
    'conflict',
    ({ left }: { left: number; invoice_total: number }) =>
      `the transactions of this invoice may not exceed its total; ${decimalText(left)} is left`,
    'Take at most the amount that is left, or pay the transactions that are open with POST /transactions/pay.',
  ],
  NO_TRANSACTION: [
    'not_found',
    ({ transaction_id }: { transaction_id: number }) => `transaction ${transaction_id} not found`,
    'Check the ids; GET /transactions/list?status=open lists what may be paid. Nothing was paid.',
  ],
  NOT_OPEN: [
    'conflict',
    ({ transaction_id, status }: { transaction_id: number; status: string }) =>
      `transaction ${transaction_id} is ${status}, and no longer open`,
    'GET /transactions/list?status=open lists what is open. Nothing was changed.',
  ],
  MIXED_CURRENCIES: [
    'conflict',
    'one payment is in one currency',
    'Pay the transactions of each currency on their own.',
  ],
  TWO_CHOICES: [
    'invalid',
    'either transaction_ids or invoice_id says what is paid, not both',
    'Leave one of them out; without both, all that is open is paid.',
  ],
  NOT_REFUNDABLE: [
    'conflict',
    ({ status }: { status: string }) => `a transaction that is ${status} is not refunded`,
    'Only what is paid is given back; GET /transactions/{transaction_id} says how it stands.',
  ],
  REFUND_TOO_LARGE: [
    'conflict',
    ({ left }: { left: number }) => `a refund may not exceed what was paid; ${decimalText(left)} is left`,
    'Refund at most the amount that is left.',
  ],
  DECLINED: [
    'conflict',
    ({ reason }: { reason: string }) => `the payment was declined: ${reason}`,
    'Pay with another method, or ask whoever issued it why it was declined.',
  ],
  BAD_SIGNATURE: [
    'invalid',
    'the signature does not fit the body',
    'Set STRIPE_WEBHOOK_SECRET to the secret of this endpoint, and send the body unchanged.',
  ],
  NO_SUCH_PROVIDER: [
    'not_found',
    'this payment provider is not in use here',
    'Set PAYMENT_PROVIDER to the provider that is to be used, and start again.',
  ],
});
