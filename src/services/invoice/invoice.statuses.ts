import type { Actions } from '../../platform/app/actions.ts';
import type { ApiOf, Ctx } from '../../platform/contract/contract.ts';
import { retryOnConflict } from '../../platform/contract/retry-on-conflict.ts';
import type { orderOps } from '../order/order.contract.ts';
import type { MoneyMovement } from '../payment/payment.contract.ts';
import { invoiceErrors, type invoiceOps } from './invoice.contract.ts';
import { type InvoiceState, invoiceStatusOf, publicInvoice } from './invoice.model.ts';
import type { Payments } from './invoice.opening.ts';
import type { InvoiceRepository } from './invoice.repository.ts';
import { cancelInvoice, followMoney, mustBecome, payByHand, sendInvoice } from './invoice.statuses.model.ts';

/** What invoices follow from the events of others, and of their own. */
export interface InvoiceInternalActions {
  /** Money of no order changes nothing. Throws INVOICE_NOT_FOUND. */
  followPayment(ctx: Ctx, movement: MoneyMovement): Promise<unknown>;
  cancelOfOrder(ctx: Ctx, order: { readonly order_id: number }): Promise<unknown>;
  /** Cancels the invoice of an order that was cancelled before there was an invoice. */
  cancelIfOrderIs(ctx: Ctx, order: { readonly order_id: number }): Promise<unknown>;
  /** Finishes the cancellation of an invoice whose receivable was closed for it. */
  cancelClosed(ctx: Ctx, closed: { readonly invoice_id: number | null }): Promise<unknown>;
}

interface StatusParts {
  readonly invoices: Pick<InvoiceRepository, 'get' | 'find' | 'findByOrder' | 'save'>;
  readonly order: Pick<ApiOf<typeof orderOps>, 'forInvoice'>;
  readonly payment: Payments;
}

/** Moves invoices along: as staff ask, and as money and orders move. */
export function statusActions({ invoices, order, payment }: StatusParts) {
  return {
    async setStatus(ctx, { invoice_id, status }) {
      const to = invoiceStatusOf(status);
      const state = await invoices.get(invoice_id);
      mustBecome(state, to);
      if (to === 'cancelled') return publicInvoice(await cancel(ctx, state));
      const change = to === 'paid' ? payByHand(state, ctx) : sendInvoice(state, ctx);
      return publicInvoice(await invoices.save(ctx, change));
    },
    async followPayment(ctx, { order_id, ...totals }) {
      if (order_id === null) return;
      const state = await invoices.findByOrder(order_id);
      if (!state) throw invoiceErrors.NOT_FOUND();
      await invoices.save(ctx, followMoney(state, totals, ctx));
    },
    cancelOfOrder,
    async cancelIfOrderIs(ctx, { order_id }) {
      const { status } = await order.forInvoice(ctx, { order_id });
      if (status === 'cancelled') await cancelOfOrder(ctx, { order_id });
    },
    async cancelClosed(ctx, { invoice_id }) {
      const state = invoice_id === null ? undefined : await invoices.find(invoice_id);
      if (state) await invoices.save(ctx, cancelInvoice(state, ctx));
    },
  } satisfies Pick<Actions<typeof invoiceOps>, 'setStatus'> & InvoiceInternalActions;

  // Payment is asked first: it closes the receivable, unless a provider may be capturing. What a crash leaves after
  // that is finished by `receivable.closed`.
  async function cancel(ctx: Ctx, { invoice_id, ...state }: InvoiceState): Promise<InvoiceState> {
    const { order_id, user_id, status } = state;
    if (status !== 'cancelled') await payment.closeReceivable(ctx, { order_id, invoice_id, user_id });
    return retryOnConflict(async () => invoices.save(ctx, cancelInvoice(await invoices.get(invoice_id), ctx)));
  }

  async function cancelOfOrder(ctx: Ctx, { order_id }: { readonly order_id: number }): Promise<void> {
    const state = await invoices.findByOrder(order_id);
    if (state) await invoices.save(ctx, cancelInvoice(state, ctx));
  }
}
