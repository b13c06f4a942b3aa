import type { Change, Ctx, OutputOf, Versioned } from '../../platform/contract/contract.ts';
import { type Minor, minor } from '../../platform/contract/money.ts';
import { shopYear } from '../../platform/contract/shop-time.ts';
import type { OrderDetails } from '../order/order.contract.ts';
import { openAmount } from '../payment/payment.totals.contract.ts';
import type { userOps } from '../user/user.contract.ts';
import {
  type Invoice,
  type InvoiceMade,
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
export interface InvoiceState extends Omit<Invoice, 'open'>, Versioned {
  /** A fraction as text, such as `0.1`. */
  readonly tax_rate: string;
  readonly buyer: Buyer;
  /** When its status or its totals last changed. */
  readonly updated_at: string;
}

export const DUE_DAYS = 30;
const NOTHING = minor(0);

/** What a new invoice is made of beside its order. */
interface InvoiceFacts {
  readonly invoice_id: number;
  readonly buyer: Buyer;
  /** Of the shop: it decides the year of the number. */
  readonly time_zone: string;
}

/** A draft for an order, due in 30 days. Throws INVOICE_ORDER_CANCELLED. */
export function createInvoice(order: OrderDetails, facts: InvoiceFacts, ctx: Ctx): Change<InvoiceState> {
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
    paid_total: NOTHING,
    refunded_total: NOTHING,
    credited_total: NOTHING,
    created_at: ctx.now,
    updated_at: ctx.now,
    due_date: new Date(Date.parse(ctx.now) + DUE_DAYS * 86_400_000).toISOString(),
    version: 0,
  };
  return { next, events: [invoiceEvents.created(next.invoice_id, announced(next), orderSubjectOf(next))] };
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

/** The subject of the order that an invoice is for. */
export const orderSubjectOf = ({ order_id }: Pick<Invoice, 'order_id'>): string => `order/${order_id}`;

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

/** What is still owed; nothing of a cancelled invoice. */
export const openOf = (state: InvoiceState): Minor => openAmount({ ...state, cancelled: !isLiving(state) });

/** What the world sees: not the rate, the buyer's address and the version. */
export function publicInvoice(state: InvoiceState): Invoice {
  const { tax_rate: _rate, buyer: _buyer, updated_at: _at, version: _version, ...shown } = state;
  return { ...shown, open: openOf(state) };
}

/** What is announced of a new invoice, for which no money can have moved yet. */
function announced(state: InvoiceState): InvoiceMade {
  const {
    paid_total: _paid,
    refunded_total: _refunded,
    credited_total: _credited,
    open: _open,
    ...made
  } = publicInvoice(state);
  return made;
}
