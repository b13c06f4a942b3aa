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

/** What moved for the invoice, as lines below its total: what each is called, and what it adds to what is owed. */
export function movements(invoice: PdfInvoice): [string, number][] {
  const { total, paid_total, refunded_total, credited_total, open } = invoice;
  const moved: [string, number][] = [
    ['Paid', -paid_total],
    ['Refunded', refunded_total],
    ['Credited', -credited_total],
  ];
  const left = moved.reduce((rest, [, amount]) => rest + amount, total);
  if (invoice.status === 'cancelled') moved.push(['Cancelled', open - left]);
  return moved.filter(([, amount]) => amount !== 0);
}

/** The one line that a reader in a hurry needs. */
export function headline(invoice: PdfInvoice): string {
  const open = money(invoice, invoice.open);
  switch (invoice.status) {
    case 'draft':
      return `Draft, ${open} to pay`;
    case 'sent':
      return `${open} due by ${dateText(invoice, invoice.due_date)}`;
    case 'paid':
      return invoice.refunded_total > 0 || invoice.total === 0
        ? 'Nothing more to pay'
        : `${money(invoice, invoice.paid_total)} paid, thank you`;
    case 'cancelled':
      return 'Cancelled, nothing to pay';
  }
}

/** How and until when to pay. */
export function terms(invoice: PdfInvoice): string {
  const due = dateText(invoice, invoice.due_date);
  const open = money(invoice, invoice.open);
  switch (invoice.status) {
    case 'draft':
      return `This invoice is a draft: it has not been sent yet. It can be paid already, ${open} by ${due}; please quote ${invoice.invoice_number}.`;
    case 'sent':
      return `Please pay ${open} by ${due} and quote ${invoice.invoice_number} with your payment.`;
    case 'paid':
      return 'This invoice has been settled in full. Nothing more is due.';
    case 'cancelled':
      return 'This invoice has been cancelled. Please do not pay it.';
  }
}

/** An IBAN in groups of four, as people read it. */
export function ibanText(iban: string | undefined): string | undefined {
  return iban?.replace(/\s+/g, '').replace(/(.{4})(?=.)/g, '$1 ');
}
