import type { Ctx } from '../../platform/contract.ts';
import { type Consumer, on } from '../../platform/events.ts';
import { orderEvents } from '../order/order.contract.ts';
import { type Movement, paymentEvents } from '../payment/payment.contract.ts';
import { invoiceEvents } from './invoice.contract.ts';
import { cancelInvoice, coverInvoice } from './invoice.model.ts';
import type { InvoiceRepository } from './invoice.repository.ts';
import type { InvoicePeers } from './invoice.service.ts';

/** What an invoice follows from what others announce. */
export function invoiceConsumers(invoices: InvoiceRepository, { order }: InvoicePeers): readonly Consumer[] {
  return [
    on(paymentEvents.captured, 'cover', cover),
    on(orderEvents.cancelled, 'cancel', (ctx, { order_id }) => cancelOf(ctx, order_id)),
    on(invoiceEvents.created, 'look_again', lookAgain),
  ];

  async function cover(ctx: Ctx, { invoice_id, paid_total, refunded_total }: Movement): Promise<void> {
    if (invoice_id === null || paid_total === null || refunded_total === null) return;
    const state = await invoices.get(invoice_id);
    await invoices.save(ctx, coverInvoice(state, { paid_total, refunded_total }, ctx));
  }

  async function cancelOf(ctx: Ctx, order_id: number): Promise<void> {
    const state = await invoices.findByOrder(order_id);
    if (state) await invoices.save(ctx, cancelInvoice(state, ctx));
  }

  // An order may be cancelled while it is being invoiced: then there is no invoice yet when that is announced.
  async function lookAgain(ctx: Ctx, { order_id }: { order_id: number }): Promise<void> {
    const { status } = await order.forInvoice(ctx, { order_id });
    if (status === 'cancelled') await cancelOf(ctx, order_id);
  }
}
