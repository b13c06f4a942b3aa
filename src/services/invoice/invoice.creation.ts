import type { Actions } from '../../platform/app/actions.ts';
import { maySee } from '../../platform/contract/actor.ts';
import type { ApiOf, Ctx } from '../../platform/contract/contract.ts';
import { AppError } from '../../platform/contract/errors.ts';
import { withId } from '../../platform/contract/ids.ts';
import { retryOnConflict } from '../../platform/contract/retry-on-conflict.ts';
import type { Log } from '../../platform/observability/log.ts';
import type { orderOps } from '../order/order.contract.ts';
import type { paymentOps } from '../payment/payment.contract.ts';
import type { Receivable } from '../payment/receivables/payment.receivables.contract.ts';
import type { userOps } from '../user/user.contract.ts';
import { invoiceErrors, type invoiceOps } from './invoice.contract.ts';
import {
  type BuyerProfile,
  buyerOf,
  createInvoice,
  type InvoiceState,
  isLiving,
  publicInvoice,
} from './invoice.model.ts';
import type { OpenInvoice, Payments } from './invoice.opening.ts';
import type { InvoiceRepository } from './invoice.repository.ts';
import { followMoney, payIfNothingIsOwed } from './statuses/invoice.statuses.model.ts';

/** What a new invoice needs of others: the order that it is for, the address of its buyer, and a receivable. */
export interface InvoicePeers {
  readonly order: Pick<ApiOf<typeof orderOps>, 'forInvoice'>;
  readonly user: Pick<ApiOf<typeof userOps>, 'profileOf'>;
  readonly payment: Payments & Pick<ApiOf<typeof paymentOps>, 'payOutside'>;
}

interface CreationParts {
  readonly invoices: Pick<InvoiceRepository, 'ids' | 'get' | 'findByOrder' | 'save'>;
  readonly peers: InvoicePeers;
  readonly openInvoice: OpenInvoice;
  readonly log: Pick<Log, 'warn'>;
  /** Of the shop. */
  readonly time_zone: string;
}

/** An invoice, and whether it existed before the request. */
type CreatedInvoice = InvoiceState & { readonly existing?: boolean };

/** Creates the invoice of an order; an order that has a living one keeps it. */
export function creationActions({ invoices, peers, openInvoice, time_zone, log }: CreationParts) {
  return {
    create: {
      async execute(ctx, { order_id }) {
        const found = await invoices.findByOrder(order_id);
        const known = found && isLiving(found) && maySee(ctx.actor, found) ? { ...found, existing: true } : undefined;
        return opened(ctx, known ?? (await create(ctx, order_id)));
      },
      respond: (_ctx, { existing, ...state }: CreatedInvoice) => ({
        ...publicInvoice(state),
        ...(existing && { existing }),
      }),
    },
  } satisfies Pick<Actions<typeof invoiceOps>, 'create'>;

  async function create(ctx: Ctx, order_id: number): Promise<CreatedInvoice> {
    // For another's order the order service throws ORDER_NOT_FOUND, as for one that does not exist.
    const order = await peers.order.forInvoice(ctx, { order_id });
    const buyer = buyerOf(order.username, await profileOf(ctx, order.user_id));
    const save = (invoice_id: number) =>
      invoices.save(ctx, payIfNothingIsOwed(createInvoice(order, { invoice_id, buyer, time_zone }, ctx), ctx));
    try {
      return await withId(invoices.ids, save, ({ invoice_id }) => invoice_id);
    } catch (error) {
      const exists = error instanceof AppError && error.code === invoiceErrors.EXISTS.code;
      const found = exists ? await invoices.findByOrder(order_id) : undefined;
      if (!found || !isLiving(found)) throw error;
      return { ...found, existing: true };
    }
  }

  // The invoice is made, whatever becomes of this call: a repeated request or the job opens what it left out.
  async function opened(ctx: Ctx, invoice: CreatedInvoice): Promise<CreatedInvoice> {
    if (invoice.existing && invoice.status === 'paid') return invoice;
    try {
      const receivable = await openInvoice(ctx, invoice);
      // An invoice before this one may have been paid in part.
      return receivable && receivable.paid_total > 0 ? await follow(ctx, invoice, receivable) : invoice;
    } catch (error) {
      log.warn({ err: error, invoice_id: invoice.invoice_id }, 'an invoice cannot be paid yet; it is tried again');
      return invoice;
    }
  }

  function follow(ctx: Ctx, { invoice_id, existing }: CreatedInvoice, receivable: Receivable): Promise<CreatedInvoice> {
    return retryOnConflict(async () => {
      const change = followMoney(await invoices.get(invoice_id), receivable, ctx);
      // The request is marked by the save of the invoice itself.
      return { ...(await invoices.save({ ...ctx, request: undefined }, change)), existing };
    });
  }

  // The account may have been deleted; its order still gets an invoice.
  async function profileOf(ctx: Ctx, user_id: number): Promise<BuyerProfile | undefined> {
    return peers.user.profileOf(ctx, { user_id }).catch((error: unknown) => {
      if (error instanceof AppError && error.kind === 'not_found') return undefined;
      throw error;
    });
  }
}
