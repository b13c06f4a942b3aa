import { createHash } from 'node:crypto';
import type { Actions } from '../../../platform/app/actions.ts';
import type { ApiOf, Ctx } from '../../../platform/contract/contract.ts';
import { invalid } from '../../../platform/contract/errors.ts';
import { retryOnConflict } from '../../../platform/contract/retry-on-conflict.ts';
import type { orderOps } from '../../order/order.contract.ts';
import { type MoneyMovement, paymentErrors, type paymentOps } from '../../payment/payment.contract.ts';

import { invoiceErrors, type invoiceOps } from '../invoice.contract.ts';
import { type InvoiceState, invoiceStatusOf, publicInvoice } from '../invoice.model.ts';
import type { OpenInvoice, Payments } from '../invoice.opening.ts';
import type { InvoiceRepository } from '../invoice.repository.ts';
import { type PaymentByHand, paymentToRecord } from './invoice.by-hand.model.ts';
import { cancelInvoice, followMoney, mustBecome, sendInvoice } from './invoice.statuses.model.ts';

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
  readonly payment: Payments & Pick<ApiOf<typeof paymentOps>, 'payOutside'>;
  readonly openInvoice: OpenInvoice;
  /** Of the shop. */
  readonly time_zone: string;
}

/** Moves invoices along: as staff ask, and as money and orders move. */
export function statusActions({ invoices, order, payment, openInvoice, time_zone }: StatusParts) {
  return {
    setStatus: {
      async execute(ctx, { invoice_id, status, payment: given }) {
        const to = invoiceStatusOf(status);
        if (given && to !== 'paid') throw invalid('payment goes with the status paid alone');
        const state = await invoices.get(invoice_id);
        if (to === state.status && !given) return state;
        mustBecome(state, to);
        if (to === 'paid') return pay(ctx, state, given);
        if (to === 'cancelled') return cancel(ctx, state);
        // Money that moves meanwhile is no reason not to send it.
        return saveNewest(state, (newest) => invoices.save(ctx, sendInvoice(newest, ctx)));
      },
      respond: (_ctx, state: InvoiceState) => publicInvoice(state),
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

  // Payment is asked first: it records the money, unless a provider may be capturing. A crash after that is made good by
  // `payment.captured`, and by the same request, which is recorded once.
  async function pay(ctx: Ctx, state: InvoiceState, given: PaymentByHand | undefined): Promise<InvoiceState> {
    const { identity, ...money } = paymentToRecord(state, given, time_zone, ctx);
    const opened = await openInvoice(ctx, state);
    if (!opened) throw paymentErrors.ORDER_CLOSED();
    // Money that is there already, and that the invoice has not heard of, is not recorded again.
    const covered = !given && opened.open === 0;
    const receivable = covered
      ? opened
      : (await payment.payOutside(ctx, { ...money, key: keyOf(identity) })).receivable;
    return saveNewest(state, (newest) => invoices.save(ctx, followMoney(newest, receivable, ctx)));
  }

  // Payment is asked first: it closes the receivable, unless a provider may be capturing or nothing is owed. What a crash
  // leaves after that is finished by `receivable.closed`.
  async function cancel(ctx: Ctx, state: InvoiceState): Promise<InvoiceState> {
    const { order_id, invoice_id, user_id } = state;
    await payment.closeReceivable(ctx, { order_id, invoice_id, user_id });
    return saveNewest(state, (newest) => invoices.save(ctx, cancelInvoice(newest, ctx)));
  }

  // What payment has done is so, whatever happened to the invoice meanwhile.
  function saveNewest(
    { invoice_id }: InvoiceState,
    save: (newest: InvoiceState) => Promise<InvoiceState>,
  ): Promise<InvoiceState> {
    return retryOnConflict(async () => save(await invoices.get(invoice_id)));
  }

  async function cancelOfOrder(ctx: Ctx, { order_id }: { readonly order_id: number }): Promise<void> {
    const state = await invoices.findByOrder(order_id);
    if (state) await invoices.save(ctx, cancelInvoice(state, ctx));
  }
}

const keyOf = (identity: string): string => createHash('sha256').update(identity).digest('hex');
