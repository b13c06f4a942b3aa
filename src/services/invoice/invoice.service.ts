import type { Actions } from '../../platform/app/actions.ts';
import type { ServiceParts } from '../../platform/app/module.ts';
import { createPool } from '../../platform/app/worker/pool.ts';
import { isStaff, maySee, self } from '../../platform/contract/actor.ts';
import type { Ctx, Page } from '../../platform/contract/contract.ts';
import {
  type Invoice,
  type InvoiceInBooks,
  type InvoiceStatusInput,
  invoiceErrors,
  type invoiceOps,
} from './invoice.contract.ts';
import { creationActions, type InvoicePeers } from './invoice.creation.ts';
import { type InvoiceState, invoiceStatusOf, publicInvoice } from './invoice.model.ts';
import { invoiceOpening } from './invoice.opening.ts';
import { receivablesComparison } from './invoice.receivables.ts';
import type { InvoiceRepository } from './invoice.repository.ts';
import { invoicePage, sellerOf } from './pdf/invoice.page.ts';
import { pdfTask } from './pdf/invoice.pdf.task.ts';
import { invoiceSettings } from './pdf/invoice.settings.ts';
import { type InvoiceInternalActions, statusActions } from './statuses/invoice.statuses.ts';

export type { InvoiceInternalActions };

// One for the process: the fonts are read once. When the queue is full, a request is answered BUSY.
const pdfs = createPool(pdfTask, { threads: 1, queue: 64, idleMs: 60_000 });

type InvoiceParts = ServiceParts<InvoiceRepository, InvoicePeers, 'config' | 'log'>;

/** Invoices, their statuses and their PDFs. */
export function invoiceService({ repository: invoices, peers, tools }: InvoiceParts) {
  const { payment } = peers;
  const { log } = tools;
  const time_zone = tools.config.SHOP_TIME_ZONE;
  const seller = sellerOf(tools.config.valuesOf(invoiceSettings));
  const openInvoice = invoiceOpening({ invoices, payment });

  return {
    ...creationActions({ invoices, peers, openInvoice, time_zone, log }),
    ...statusActions({ invoices, ...peers, openInvoice, time_zone }),
    compareReceivables: receivablesComparison({ invoices, payment, openInvoice, log }),
    async findByOrders(_ctx, { order_ids }) {
      return { items: (await invoices.ofOrders(order_ids)).map(invoiceInBooks) };
    },
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
    async pdf(ctx, { invoice_id }) {
      const state = visible(ctx, await invoices.get(invoice_id));
      const content = await pdfs.run({ invoice: invoicePage(state, time_zone), seller });
      return { filename: `${state.invoice_number}.pdf`, type: 'application/pdf', content };
    },
  } satisfies Actions<typeof invoiceOps> & InvoiceInternalActions;

  async function list({ status, limit = 50, cursor }: ListInput, user_id: number | undefined): Promise<Page<Invoice>> {
    const filter = { user_id, status: status && invoiceStatusOf(status) };
    const { items, next } = await invoices.list(filter, { limit, cursor });
    return { items: items.map(publicInvoice), next };
  }
}

function invoiceInBooks(state: InvoiceState): InvoiceInBooks {
  const { invoice_id, order_id, user_id, invoice_number, status, total, currency, updated_at } = state;
  const { paid_total, refunded_total, credited_total } = state;
  const known = { invoice_id, order_id, user_id, invoice_number, status, total, currency, updated_at };
  return { ...known, paid_total, refunded_total, credited_total };
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
