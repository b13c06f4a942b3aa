import type { ApiOf, Ctx } from '../../platform/contract/contract.ts';
import { AppError } from '../../platform/contract/errors.ts';
import { paymentErrors, type paymentOps } from '../payment/payment.contract.ts';
import type { Receivable } from '../payment/receivables/payment.receivables.contract.ts';
import { type InvoiceState, isLiving } from './invoice.model.ts';
import type { InvoiceRepository } from './invoice.repository.ts';

export type Payments = Pick<ApiOf<typeof paymentOps>, 'openReceivable' | 'closeReceivable' | 'findReceivables'>;

interface OpeningParts {
  readonly invoices: Pick<InvoiceRepository, 'find'>;
  readonly payment: Payments;
}

export type OpenInvoice = (ctx: Ctx, invoice: InvoiceState) => Promise<Receivable | undefined>;

/**
 * Opens the receivable of an invoice, so that it can be paid; repeated, it changes nothing. Returns undefined when the
 * order was cancelled. The receivable of an invoice that was being cancelled is closed for good: its `invoice_id` is null.
 */
export function invoiceOpening({ invoices, payment }: OpeningParts): OpenInvoice {
  return async function open(ctx, invoice) {
    try {
      return await ask(ctx, invoice);
    } catch (error) {
      if (codeOf(error) === paymentErrors.ORDER_CLOSED.code) return undefined;
      if (codeOf(error) !== paymentErrors.INVOICE_OPEN.code || !(await closeCancelled(ctx, invoice))) throw error;
      return ask(ctx, invoice);
    }
  };

  function ask(ctx: Ctx, invoice: InvoiceState): Promise<Receivable> {
    const { order_id, invoice_id, user_id, subtotal, tax, tax_rate, total, currency } = invoice;
    const opening = { order_id, invoice_id, user_id, subtotal, tax, tax_rate, total, currency };
    return payment.openReceivable(ctx, opening);
  }

  /** Closes the receivable of an invoice before this one that was cancelled without it, by an older version. */
  async function closeCancelled(ctx: Ctx, { order_id }: InvoiceState): Promise<boolean> {
    const { items } = await payment.findReceivables(ctx, { order_ids: [order_id] });
    const before = items[0]?.invoice_id;
    const found = before == null ? undefined : await invoices.find(before);
    if (!found || isLiving(found)) return false;
    await payment.closeReceivable(ctx, { order_id, invoice_id: found.invoice_id, user_id: found.user_id });
    return true;
  }
}

const codeOf = (error: unknown): string | undefined => (error instanceof AppError ? error.code : undefined);
