import { type Consumer, on } from '../../platform/contract/events.ts';
import { orderEvents } from '../order/order.contract.ts';
import { paymentEvents } from '../payment/payment.contract.ts';
import { invoiceEvents } from './invoice.contract.ts';
import type { InvoiceInternalActions } from './invoice.service.ts';

/** What invoices follow from what others announce. */
export const invoiceConsumers: readonly Consumer<InvoiceInternalActions>[] = [
  on(paymentEvents.captured, 'cover', (invoice, ctx, movement) => invoice.followPayment(ctx, movement)),
  on(paymentEvents.refunded, 'follow_refund', (invoice, ctx, movement) => invoice.followPayment(ctx, movement)),
  on(paymentEvents.receivableClosed, 'finish_cancelling', (invoice, ctx, closed) => invoice.cancelClosed(ctx, closed)),
  on(orderEvents.cancelled, 'cancel', (invoice, ctx, order) => invoice.cancelOfOrder(ctx, order)),
  // An order may be cancelled while it is being invoiced: then there is no invoice yet when that is announced.
  on(invoiceEvents.created, 'look_again', (invoice, ctx, made) => invoice.cancelIfOrderIs(ctx, made)),
];
