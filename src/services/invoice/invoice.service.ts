import type { Actions } from '../../platform/app/actions.ts';
import type { ServiceParts } from '../../platform/app/module.ts';
import { createPool } from '../../platform/app/worker/pool.ts';
import { isStaff, maySee, self } from '../../platform/contract/actor.ts';
import type { Ctx, Page } from '../../platform/contract/contract.ts';
import type { MoneyMovement } from '../payment/payment.contract.ts';
import { type Invoice, type InvoiceStatusInput, invoiceErrors, type invoiceOps } from './invoice.contract.ts';
import { creationActions, type InvoicePeers } from './invoice.creation.ts';
import {
  cancelInvoice,
  coverInvoice,
  type InvoiceState,
  invoiceStatusOf,
  publicInvoice,
  setInvoiceStatus,
} from './invoice.model.ts';
import { openingAndComparison } from './invoice.receivables.ts';
import type { InvoiceRepository } from './invoice.repository.ts';
import { invoicePage, sellerOf } from './pdf/invoice.page.ts';
import { pdfTask } from './pdf/invoice.pdf.task.ts';

/** What invoices follow from the events of others, and of their own. */
export interface InvoiceInternalActions {
  /** Money of no invoice changes nothing. Throws INVOICE_NOT_FOUND. */
  followPayment(ctx: Ctx, movement: MoneyMovement): Promise<unknown>;
  cancelOfOrder(ctx: Ctx, order: { readonly order_id: number }): Promise<unknown>;
  /** Cancels the invoice of an order that was cancelled before there was an invoice. */
  cancelIfOrderIs(ctx: Ctx, order: { readonly order_id: number }): Promise<unknown>;
}

// One for the process: the fonts are read once. When the queue is full, a request is answered BUSY.
const pdfs = createPool(pdfTask, { threads: 1, queue: 64, idleMs: 60_000 });

type InvoiceParts = ServiceParts<InvoiceRepository, InvoicePeers, 'config' | 'log'>;

/** Invoices, their statuses and their PDFs. */
export function invoiceService({ repository: invoices, peers, tools }: InvoiceParts) {
  const seller = sellerOf(tools.config);

  return {
    ...creationActions({ invoices, peers, time_zone: tools.config.SHOP_TIME_ZONE, log: tools.log }),
    compareReceivables: openingAndComparison({ invoices, payment: peers.payment, log: tools.log }),
    figures: (_ctx, range) => invoices.figures(range),
    async list(ctx, { all, ...page }) {
      return list(page, all === true && isStaff(ctx.actor) ? undefined : self(ctx).id);
    },
    get: async (ctx, { invoice_id }) => publicInvoice(visible(ctx, await invoices.get(invoice_id))),
    byOrder: async (ctx, { order_id }) => publicInvoice(visible(ctx, await invoices.findByOrder(order_id))),
    async byUser(ctx, { user_id, ...page }) {
      if (!maySee(ctx.actor, { user_id })) throw invoiceErrors.NOT_FOUND();
      return list(page, user_id);
    },
    async setStatus(ctx, { invoice_id, status }) {
      const state = await invoices.get(invoice_id);
      return publicInvoice(await invoices.save(ctx, setInvoiceStatus(state, status, ctx)));
    },
    async pdf(ctx, { invoice_id }) {
      const state = visible(ctx, await invoices.get(invoice_id));
      const content = await pdfs.run({ invoice: invoicePage(state, tools.config.SHOP_TIME_ZONE), seller });
      return { filename: `${state.invoice_number}.pdf`, type: 'application/pdf', content };
    },
    async followPayment(ctx, { invoice_id, paid_total, refunded_total }) {
      if (invoice_id === null || paid_total === null || refunded_total === null) return;
      const state = await invoices.get(invoice_id);
      await invoices.save(ctx, coverInvoice(state, { paid_total, refunded_total }, ctx));
    },
    cancelOfOrder,
    async cancelIfOrderIs(ctx, { order_id }) {
      const { status } = await peers.order.forInvoice(ctx, { order_id });
      if (status === 'cancelled') await cancelOfOrder(ctx, { order_id });
    },
  } satisfies Actions<typeof invoiceOps> & InvoiceInternalActions;

  async function cancelOfOrder(ctx: Ctx, { order_id }: { readonly order_id: number }): Promise<void> {
    const state = await invoices.findByOrder(order_id);
    if (state) await invoices.save(ctx, cancelInvoice(state, ctx));
  }

  async function list({ status, limit = 50, cursor }: ListInput, user_id: number | undefined): Promise<Page<Invoice>> {
    const filter = { user_id, status: status && invoiceStatusOf(status) };
    const { items, next } = await invoices.list(filter, { limit, cursor });
    return { items: items.map(publicInvoice), next };
  }
}

interface ListInput {
  readonly status?: InvoiceStatusInput;
  readonly limit?: number;
  readonly cursor?: string;
}

function visible(ctx: Ctx, state: InvoiceState | undefined): InvoiceState {
  if (!state || !maySee(ctx.actor, state)) throw invoiceErrors.NOT_FOUND();
  return state;
}
