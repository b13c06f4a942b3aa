import { type Change, type Ctx, type OutputOf, unchanged, type Versioned } from '../../platform/contract/contract.ts';
import type { Minor } from '../../platform/contract/money.ts';
import { shopYear } from '../../platform/contract/shop-time.ts';
import type { OrderDetails } from '../order/order.contract.ts';
import type { userOps } from '../user/user.contract.ts';
import {
  type Invoice,
  type InvoiceStatus,
  type InvoiceStatusInput,
  invoiceErrors,
  invoiceEvents,
} from './invoice.contract.ts';

/** What the user service says of a buyer. */
export type BuyerProfile = OutputOf<typeof userOps.profileOf>;

/** Who an invoice is addressed to, as it was when the invoice was created. */
export interface Buyer {
  readonly name: string;
  readonly lines: string[];
  readonly tax_id?: string;
}

/**
 * An invoice as it is stored. Before its first save `invoice_number` is its series, such as `INV-2026-`: the database
 * appends the place.
 */
export interface InvoiceState extends Invoice, Versioned {
  /** A fraction as text, such as `0.1`. */
  readonly tax_rate: string;
  readonly buyer: Buyer;
  /** When its status last changed. */
  readonly updated_at: string;
}

export const DUE_DAYS = 30;

const NEXT: Readonly<Record<InvoiceStatus, readonly InvoiceStatus[]>> = {
  draft: ['sent', 'cancelled'],
  sent: ['paid', 'cancelled'],
  paid: [],
  cancelled: [],
};

/** What a new invoice is made of beside its order. */
interface InvoiceFacts {
  readonly invoice_id: number;
  readonly buyer: Buyer;
  /** Of the shop: it decides the year of the number. */
  readonly time_zone: string;
}

/** A draft for an order, due in 30 days. Throws INVOICE_ORDER_CANCELLED. */
export function createInvoice(
  order: OrderDetails,
  facts: InvoiceFacts,
  ctx: Ctx,
): Change<InvoiceState> {
  if (order.status === 'cancelled') throw invoiceErrors.ORDER_CANCELLED();
  const next: InvoiceState = {
    invoice_id: facts.invoice_id,
    order_id: order.order_id,
    user_id: order.user_id,
    username: order.username,
    invoice_number: `INV-${shopYear(ctx.now, facts.time_zone)}-`,
    items: order.items.map(({ total, ...item }) => ({ ...item, total_price: total })),
    subtotal: order.subtotal,
    tax: order.tax,
    tax_rate: order.tax_rate,
    total: order.total,
    currency: order.currency,
    buyer: facts.buyer,
    status: 'draft',
    created_at: ctx.now,
    updated_at: ctx.now,
    due_date: new Date(Date.parse(ctx.now) + DUE_DAYS * 86_400_000).toISOString(),
    version: 0,
  };
  return { next, events: [invoiceEvents.created(next.invoice_id, publicInvoice(next), aboutOrder(next))] };
}

/** Whether an order can have no other invoice beside this one. */
export const isLiving = ({ status }: Pick<InvoiceState, 'status'>): boolean => status !== 'cancelled';

/** Of the invoices of one order the living one, else the newest. Should there be two that live, the older one counts. */
export function currentInvoice(invoices: readonly InvoiceState[]): InvoiceState | undefined {
  const newestFirst = invoices.toSorted(
    (a, b) => Date.parse(b.created_at) - Date.parse(a.created_at) || b.invoice_id - a.invoice_id,
  );
  return newestFirst.findLast(isLiving) ?? newestFirst[0];
}

/** Sets the status; the present one changes nothing. Throws INVOICE_ILLEGAL_STATUS. */
export function setInvoiceStatus(state: InvoiceState, status: InvoiceStatusInput, ctx: Ctx): Change<InvoiceState> {
  const from = state.status;
  const to = invoiceStatusOf(status);
  if (from === to) return unchanged(state);
  if (!NEXT[from].includes(to)) throw invoiceErrors.ILLEGAL_STATUS({ from, to });
  return withStatuses(state, [to], ctx);
}

/** When its total is covered, an invoice becomes sent and then paid. One that is paid or cancelled stays as it is. */
export function coverInvoice(
  state: InvoiceState,
  { paid_total, refunded_total }: { paid_total: Minor; refunded_total: Minor },
  ctx: Ctx,
): Change<InvoiceState> {
  if (paid_total - refunded_total < state.total) return unchanged(state);
  if (state.status === 'draft') return withStatuses(state, ['sent', 'paid'], ctx);
  return state.status === 'sent' ? withStatuses(state, ['paid'], ctx) : unchanged(state);
}

/** Cancels the invoice of a cancelled order. One that is paid stays paid; its refund has a credit note. */
export function cancelInvoice(state: InvoiceState, ctx: Ctx): Change<InvoiceState> {
  return NEXT[state.status].includes('cancelled') ? withStatuses(state, ['cancelled'], ctx) : unchanged(state);
}

function withStatuses(state: InvoiceState, through: readonly InvoiceStatus[], ctx: Ctx): Change<InvoiceState> {
  const { invoice_id, order_id, user_id, invoice_number, total, currency } = state;
  const events = through.map((to, n) => {
    const from = through[n - 1] ?? state.status;
    const change = { invoice_id, order_id, user_id, invoice_number, total, currency, from, to, at: ctx.now };
    return invoiceEvents.statusChanged(invoice_id, change, aboutOrder(state));
  });
  return { next: { ...state, status: through.at(-1) ?? state.status, updated_at: ctx.now }, events };
}

const aboutOrder = ({ order_id }: Pick<Invoice, 'order_id'>): string => `order/${order_id}`;

/** The status that a client means. */
export function invoiceStatusOf(given: InvoiceStatusInput): InvoiceStatus {
  return given === 'canceled' ? 'cancelled' : given;
}

/** The buyer of an order; one who has no profile any more is still known by name. */
export function buyerOf(username: string, profile: Pick<BuyerProfile, 'display_name' | 'address'> | undefined): Buyer {
  const address = profile?.address;
  const town = [address?.postal_code, address?.city].filter(isText).join(' ');
  const lines = [address?.line1, address?.line2, town, address?.region, address?.country].filter(isText);
  return { name: profile?.display_name || username, lines };
}

const isText = (line: string | undefined): line is string => line !== undefined && line !== '';

/** What the world sees: not the rate, the buyer's address and the version. */
export function publicInvoice(state: InvoiceState): Invoice {
  const { tax_rate: _rate, buyer: _buyer, updated_at: _at, version: _version, ...open } = state;
  return open;
}
