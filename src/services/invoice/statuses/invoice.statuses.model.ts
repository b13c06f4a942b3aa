import { type Change, type Ctx, type EventOf, unchanged } from '../../../platform/contract/contract.ts';
import type { AnnouncedTotals } from '../../payment/payment.totals.contract.ts';
import { followTotals, owesNothing } from '../../payment/payment.totals.contract.ts';
import { type InvoiceStatus, invoiceErrors, invoiceEvents } from '../invoice.contract.ts';
import { type InvoiceState, openOf, orderSubjectOf } from '../invoice.model.ts';

/** What staff may ask for; that a claim is owed again (from paid to sent) follows from money alone. */
const NEXT: Readonly<Record<InvoiceStatus, readonly InvoiceStatus[]>> = {
  draft: ['sent', 'paid', 'cancelled'],
  sent: ['paid', 'cancelled'],
  paid: [],
  cancelled: [],
};

/** Whether staff may ask for this status. Throws INVOICE_ILLEGAL_STATUS; the present one is no change. */
export function mustBecome({ status: from }: InvoiceState, to: InvoiceStatus): void {
  if (from !== to && !NEXT[from].includes(to)) throw invoiceErrors.ILLEGAL_STATUS({ from, to });
}

/** Sends a draft. Throws INVOICE_ILLEGAL_STATUS. */
export function sendInvoice(state: InvoiceState, ctx: Ctx): Change<InvoiceState> {
  mustBecome(state, 'sent');
  return state.status === 'sent' ? unchanged(state) : withStatuses(state, ['sent'], ctx);
}

/** Cancels an invoice that is a draft or sent; one that is paid or cancelled stays as it is. */
export function cancelInvoice(state: InvoiceState, ctx: Ctx): Change<InvoiceState> {
  return NEXT[state.status].includes('cancelled') ? withStatuses(state, ['cancelled'], ctx) : unchanged(state);
}

/**
 * The invoice after money moved for its order. When nothing is owed any more it becomes sent and then paid; one that was
 * paid becomes sent when a correction makes something owed again. Totals that are known already change nothing.
 */
export function followMoney(state: InvoiceState, totals: AnnouncedTotals, ctx: Ctx): Change<InvoiceState> {
  const next: InvoiceState = { ...state, ...followTotals(state, totals) };
  const through = statusesAfter(state, next);
  if (through.length > 0) return withStatuses(next, through, ctx);
  if (sameTotals(state, next)) return unchanged(state);
  return { next: { ...next, updated_at: ctx.now }, events: [balanceChanged(next, ctx)] };
}

/** A new invoice of which nothing is owed, as one over 0, is paid at once. */
export function payIfNothingIsOwed({ next, events }: Change<InvoiceState>, ctx: Ctx): Change<InvoiceState> {
  const paid = followMoney(next, next, ctx);
  return { next: paid.next, events: [...events, ...paid.events] };
}

function statusesAfter(before: InvoiceState, after: InvoiceState): readonly InvoiceStatus[] {
  const settled = owesNothing({ ...after, cancelled: false });
  if (before.status === 'draft' && settled) return ['sent', 'paid'];
  if (before.status === 'sent' && settled) return ['paid'];
  return before.status === 'paid' && !settled && !sameTotals(before, after) ? ['sent'] : [];
}

const sameTotals = (a: InvoiceState, b: InvoiceState): boolean =>
  a.paid_total === b.paid_total && a.refunded_total === b.refunded_total && a.credited_total === b.credited_total;

function balanceChanged(state: InvoiceState, ctx: Ctx): EventOf {
  const { invoice_id, order_id, user_id, invoice_number, total, currency, status } = state;
  const { paid_total, refunded_total, credited_total } = state;
  const totals = { total, paid_total, refunded_total, credited_total, open: openOf(state), currency };
  const data = { invoice_id, order_id, user_id, invoice_number, status, ...totals, at: ctx.now };
  return invoiceEvents.balanceChanged(invoice_id, data, orderSubjectOf(state));
}

function withStatuses(state: InvoiceState, through: readonly InvoiceStatus[], ctx: Ctx): Change<InvoiceState> {
  const { invoice_id, order_id, user_id, invoice_number, total, currency } = state;
  const events = through.map((to, n) => {
    const from = through[n - 1] ?? state.status;
    const change = { invoice_id, order_id, user_id, invoice_number, total, currency, from, to, at: ctx.now };
    return invoiceEvents.statusChanged(invoice_id, change, orderSubjectOf(state));
  });
  return { next: { ...state, status: through.at(-1) ?? state.status, updated_at: ctx.now }, events };
}
