import type { ApiOf, Ctx } from '../../platform/contract/contract.ts';
import { AppError } from '../../platform/contract/errors.ts';
import { paymentErrors, type paymentOps } from '../payment/payment.contract.ts';
import type { InvoiceState } from './invoice.model.ts';

export type Payments = Pick<ApiOf<typeof paymentOps>, 'openReceivable'>;

/**
 * Opens the receivable of an invoice, so that it can be paid; repeated, it changes nothing. Returns whether it is open:
 * that of a cancelled order is not.
 */
export async function openInvoice(ctx: Ctx, payment: Payments, invoice: InvoiceState): Promise<boolean> {
  const { order_id, invoice_id, user_id, subtotal, tax, tax_rate, total, currency } = invoice;
  const opening = { order_id, invoice_id, user_id, subtotal, tax, tax_rate, total, currency };
  try {
    await payment.openReceivable(ctx, opening);
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === paymentErrors.ORDER_CLOSED.code) return false;
    throw error;
  }
}
