import type { Actions } from '../../platform/app/actions.ts';
import type { ServiceParts } from '../../platform/app/module.ts';
import { createPool } from '../../platform/app/worker/pool.ts';
import { isStaff, maySee, self } from '../../platform/contract/actor.ts';
import type { ApiOf, Ctx, Page } from '../../platform/contract/contract.ts';
import { AppError } from '../../platform/contract/errors.ts';
import { withId } from '../../platform/contract/ids.ts';
import { retryOnConflict } from '../../platform/contract/retry-on-conflict.ts';
import type { orderOps } from '../order/order.contract.ts';
import type { MoneyMovement } from '../payment/payment.contract.ts';
import type { userOps } from '../user/user.contract.ts';
import {
  type Invoice,
  type InvoicePaidTotals,
  type InvoiceStatusInput,
  invoiceErrors,
  type invoiceOps,
} from './invoice.contract.ts';
import {
  type BuyerProfile,
  buyerOf,
  cancelInvoice,
  coverInvoice,
  createInvoice,
  followPaidTotals,
  type InvoiceState,
  invoiceStatusOf,
  publicInvoice,
  setInvoiceStatus,
} from './invoice.model.ts';
import type { InvoiceRepository } from './invoice.repository.ts';
import { invoicePage, sellerOf } from './pdf/invoice.page.ts';
import { pdfTask } from './pdf/invoice.pdf.task.ts';

/** What invoices need of others: the order as it is to be invoiced, and where its buyer lives. */
export interface InvoicePeers {
  readonly order: Pick<ApiOf<typeof orderOps>, 'forInvoice'>;
  readonly user: Pick<ApiOf<typeof userOps>, 'profileOf'>;
}

/** What invoices follow from the events of others, and of their own. */
export interface InvoiceInternalActions {
  /** Money of no invoice changes nothing. Throws INVOICE_NOT_FOUND. */
  followPayment(ctx: Ctx, movement: MoneyMovement): Promise<unknown>;
  cancelOfOrder(ctx: Ctx, order: { readonly order_id: number }): Promise<unknown>;
  /** Cancels the invoice of an order that was cancelled before there was an invoice. */
  cancelIfOrderIs(ctx: Ctx, order: { readonly order_id: number }): Promise<unknown>;
}

// One for the process: the fonts are read once, and a queue that is too long is told to come again.
const pdfs = createPool(pdfTask, { threads: 1, queue: 64, idleMs: 60_000 });

/** An invoice, and whether it was there before it was asked for. */
type Made = InvoiceState & { readonly existing?: boolean };

type InvoiceParts = ServiceParts<InvoiceRepository, InvoicePeers, 'config'>;

export function invoiceService({ repository: invoices, peers, tools }: InvoiceParts) {
  const seller = sellerOf(tools.config);

  return {
    create: {
      async execute(ctx, { order_id }) {
        const before = await invoices.findByOrder(order_id);
        return before && maySee(ctx.actor, before) ? { ...before, existing: true } : make(ctx, order_id);
      },
      respond: (_ctx, { existing, ...state }: Made) => ({ ...publicInvoice(state), ...(existing && { existing }) }),
    },
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
      const content = await pdfs.run({ invoice: invoicePage(state), seller });
      return { filename: `${state.invoice_number}.pdf`, type: 'application/pdf', content };
    },
    async comparePaidTotals(ctx, { totals }) {
      const found = await Promise.all(totals.map(({ order_id }) => invoices.findByOrder(order_id)));
      const behind = totals.filter((bill, n) => {
        const state = found[n];
        return state !== undefined && followPaidTotals(state, bill, ctx).events.length > 0;
      });
      for (const bill of behind) if (bill.settled) await retryOnConflict(() => follow(ctx, bill));
      return { behind: behind.map(({ order_id }) => order_id) };
    },
    figures: (_ctx, range) => invoices.figures(range),
    forPayment: async (ctx, { invoice_id }) => publicInvoice(visible(ctx, await invoices.get(invoice_id))),
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

  async function follow(ctx: Ctx, bill: InvoicePaidTotals): Promise<void> {
    const state = await invoices.findByOrder(bill.order_id);
    if (state) await invoices.save(ctx, followPaidTotals(state, bill, ctx));
  }

  async function cancelOfOrder(ctx: Ctx, { order_id }: { readonly order_id: number }): Promise<void> {
    const state = await invoices.findByOrder(order_id);
    if (state) await invoices.save(ctx, cancelInvoice(state, ctx));
  }

  async function make(ctx: Ctx, order_id: number): Promise<Made> {
    // Another's order is none: the peer says so, with the sentence it has for one that never was.
    const order = await peers.order.forInvoice(ctx, { order_id });
    const buyer = buyerOf(order.username, await profileOf(ctx, order.user_id));
    const save = (invoice_id: number) => invoices.save(ctx, createInvoice(order, { invoice_id, buyer }, ctx));
    try {
      return await withId(invoices.ids, save, ({ invoice_id }) => invoice_id);
    } catch (error) {
      const faster = codeOf(error) === invoiceErrors.EXISTS.code ? await invoices.findByOrder(order_id) : undefined;
      if (!faster) throw error;
      return { ...faster, existing: true };
    }
  }

  // An account may be gone; its order is still to be invoiced.
  async function profileOf(ctx: Ctx, user_id: number): Promise<BuyerProfile | undefined> {
    return peers.user.profileOf(ctx, { user_id }).catch((error: unknown) => {
      if (error instanceof AppError && error.kind === 'not_found') return undefined;
      throw error;
    });
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

function codeOf(error: unknown): string | undefined {
  return error instanceof AppError ? error.code : undefined;
}
