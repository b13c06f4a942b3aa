import { formatMoney } from '../../../platform/contract/money.ts';
import type { PdfInvoice } from './types.ts';

const count = new Intl.NumberFormat('en-US', { maximumFractionDigits: 6 });

/** `27 August 2026`, by the calendar of the shop; what is not a date is shown as it is. */
export function dateText({ time_zone: timeZone }: PdfInvoice, value: string): string {
  const date = new Date(value);
  if (Number.isNaN(date.getTime())) return value;
  return new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone }).format(date);
}

/** Money with its currency. */
export function money(invoice: PdfInvoice, minor: number): string {
  return formatMoney(minor, invoice.currency);
}

/** Money for a column whose head names the currency. */
export function bareMoney(invoice: PdfInvoice, minor: number): string {
  return money(invoice, minor).replace(invoice.currency, '').trim();
}

/** A quantity, with thousands set apart. */
export function quantityText(quantity: number): string {
  return count.format(quantity);
}

/** What has been paid; a paid invoice that does not say is paid in full. */
export function paidOf(invoice: PdfInvoice): number {
  return invoice.amount_paid ?? (invoice.status === 'paid' ? invoice.total : 0);
}

/** What is still to pay. */
export function dueOf(invoice: PdfInvoice): number {
  return invoice.status === 'cancelled' ? 0 : invoice.total - paidOf(invoice);
}

/** The one line that a reader in a hurry needs. */
export function headline(invoice: PdfInvoice): string {
  switch (invoice.status) {
    case 'draft':
      return `Draft for ${money(invoice, invoice.total)}`;
    case 'cancelled':
      return 'Cancelled, nothing to pay';
    default:
      return dueOf(invoice) > 0
        ? `${money(invoice, dueOf(invoice))} due by ${dateText(invoice, invoice.due_date)}`
        : `${money(invoice, paidOf(invoice))} paid, thank you`;
  }
}

/** How and until when to pay. */
export function terms(invoice: PdfInvoice): string {
  const due = dateText(invoice, invoice.due_date);
  switch (invoice.status) {
    case 'draft':
      return `This is a draft and not a request for payment. Payment would be due by ${due}.`;
    case 'cancelled':
      return 'This invoice has been cancelled. Please do not pay it.';
    default:
      return dueOf(invoice) > 0
        ? `Please pay ${money(invoice, dueOf(invoice))} by ${due} and quote ${invoice.invoice_number} with your payment.`
        : `Payment was due by ${due} and has been received in full. Nothing more is due.`;
  }
}

/** An IBAN in groups of four, as people read it. */
export function ibanText(iban: string | undefined): string | undefined {
  return iban?.replace(/\s+/g, '').replace(/(.{4})(?=.)/g, '$1 ');
}
