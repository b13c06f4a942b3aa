import type { Actions } from '../../platform/app/actions.ts';
import { maySee } from '../../platform/contract/actor.ts';
import type { ApiOf, Ctx } from '../../platform/contract/contract.ts';
import { AppError } from '../../platform/contract/errors.ts';
import { withId } from '../../platform/contract/ids.ts';
import type { orderOps } from '../order/order.contract.ts';
import type { userOps } from '../user/user.contract.ts';
import { invoiceErrors, type invoiceOps } from './invoice.contract.ts';
import { type BuyerProfile, buyerOf, createInvoice, type InvoiceState, publicInvoice } from './invoice.model.ts';
import type { InvoiceRepository } from './invoice.repository.ts';

/** What a new invoice needs of others: the order that it is for, and the address of its buyer. */
export interface InvoicePeers {
  readonly order: Pick<ApiOf<typeof orderOps>, 'forInvoice'>;
  readonly user: Pick<ApiOf<typeof userOps>, 'profileOf'>;
}

interface CreationParts {
  readonly invoices: Pick<InvoiceRepository, 'ids' | 'findByOrder' | 'save'>;
  readonly peers: InvoicePeers;
}

/** An invoice, and whether it existed before the request. */
type CreatedInvoice = InvoiceState & { readonly existing?: boolean };

/** Creates the invoice of an order; an order that has one keeps it. */
export function creationActions({ invoices, peers }: CreationParts) {
  return {
    create: {
      async execute(ctx, { order_id }) {
        const found = await invoices.findByOrder(order_id);
        return found && maySee(ctx.actor, found) ? { ...found, existing: true } : create(ctx, order_id);
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
    const save = (invoice_id: number) => invoices.save(ctx, createInvoice(order, { invoice_id, buyer }, ctx));
    try {
      return await withId(invoices.ids, save, ({ invoice_id }) => invoice_id);
    } catch (error) {
      const exists = error instanceof AppError && error.code === invoiceErrors.EXISTS.code;
      const found = exists ? await invoices.findByOrder(order_id) : undefined;
      if (!found) throw error;
      return { ...found, existing: true };
    }
  }

  // The account may have been deleted; its order still gets an invoice.
  async function profileOf(ctx: Ctx, user_id: number): Promise<BuyerProfile | undefined> {
    return peers.user.profileOf(ctx, { user_id }).catch((error: unknown) => {
      if (error instanceof AppError && error.kind === 'not_found') return undefined;
      throw error;
    });
  }
}
