import { ibanText, money, movements, terms } from './facts.ts';
import {
  ACCENT,
  BODY,
  type Doc,
  INK,
  LEFT,
  label,
  linesOf,
  put,
  putClipped,
  putFigure,
  putLines,
  QUIET,
  RIGHT,
  rule,
  SECOND,
  STRONG,
} from './sheet.ts';
import type { PdfInvoice, Seller } from './types.ts';

const STEP = 17;
const TERMS = 48;
const TOTALS_LEFT = SECOND;
const GREEN = '#1a7f4b';

/** The height of the totals and the terms, which stand together. */
export function closingHeight(invoice: PdfInvoice, seller: Seller): number {
  return (
    totalsHeight(invoice) +
    TERMS +
    2 * 13 +
    (showsBank(invoice, seller) ? bankRows(invoice, seller).length * 14 + 6 : 0)
  );
}

/** Totals, stamp, terms and bank particulars, from `top` down. */
export function closing(doc: Doc, invoice: PdfInvoice, seller: Seller, top: number): void {
  totals(doc, invoice, top);
  if (invoice.status === 'paid') stamp(doc, 'PAID', top);
  let y = top + totalsHeight(invoice) + TERMS;
  label(doc, 'Payment', LEFT, y - 15);
  y = putLines(doc, linesOf(doc, terms(invoice), RIGHT - LEFT, BODY, 2), LEFT, y, 13, BODY) + 5;
  if (!showsBank(invoice, seller)) return;
  for (const [name, value] of bankRows(invoice, seller)) {
    put(doc, name, LEFT, y, { ...QUIET, size: 8.5 });
    putClipped(doc, value, { x: LEFT + 84, y, width: RIGHT - LEFT - 84 }, BODY);
    y += 14;
  }
}

// Whoever has paid, or need not, is not shown where to.
function showsBank(invoice: PdfInvoice, seller: Seller): boolean {
  return seller.iban !== undefined && invoice.open > 0;
}

function bankRows(invoice: PdfInvoice, seller: Seller): [string, string][] {
  const rows: [string, string | undefined][] = [
    ['Account holder', seller.name],
    ['IBAN', ibanText(seller.iban)],
    ['BIC', seller.bic],
    ['Reference', invoice.invoice_number],
  ];
  return rows.flatMap(([name, value]) => (value ? [[name, value]] : []));
}

// Below the total there is something to say when money moved, or when nothing is owed.
const showsOpen = (invoice: PdfInvoice): boolean => invoice.open !== invoice.total || invoice.status === 'paid';

function totalsHeight(invoice: PdfInvoice): number {
  return 22 + STEP + 30 + (showsOpen(invoice) ? STEP * movements(invoice).length + 24 : 0);
}

function totals(doc: Doc, invoice: PdfInvoice, top: number): void {
  let y = top + 22;
  totalLine(doc, 'Subtotal', money(invoice, invoice.subtotal), y);
  y += STEP;
  totalLine(doc, `Tax (${invoice.tax_rate_percent}%)`, money(invoice, invoice.tax), y);
  y += 11;
  rule(doc, TOTALS_LEFT, RIGHT, y, INK, 0.9);
  y += 19;
  strongLine(doc, 'Total', money(invoice, invoice.total), y, INK);
  if (!showsOpen(invoice)) return;
  y += 3;
  for (const [name, amount] of movements(invoice)) {
    y += STEP;
    totalLine(doc, name, money(invoice, amount), y);
  }
  y += 11;
  rule(doc, TOTALS_LEFT, RIGHT, y);
  strongLine(doc, 'Amount due', money(invoice, invoice.open), y + 18, ACCENT);
}

function totalLine(doc: Doc, name: string, value: string, y: number): void {
  const used = put(doc, name, TOTALS_LEFT, y, { ...QUIET, size: 9 });
  putFigure(doc, value, RIGHT, y, RIGHT - TOTALS_LEFT - used - 10, BODY);
}

function strongLine(doc: Doc, name: string, value: string, y: number, color: string): void {
  const style = { ...STRONG, size: 11.5, color };
  const used = put(doc, name, TOTALS_LEFT, y, style);
  putFigure(doc, value, RIGHT, y, RIGHT - TOTALS_LEFT - used - 10, style);
}

function stamp(doc: Doc, word: string, top: number): void {
  const style = { size: 24, color: GREEN, font: 'bold' as const, track: 3 };
  const [x, y, width, height] = [LEFT + 18, top + 34, 112, 42];
  doc.save().rotate(-9, { origin: [x + width / 2, y + height / 2] });
  doc.lineWidth(2).roundedRect(x, y, width, height, 5).stroke(GREEN);
  doc
    .lineWidth(0.6)
    .roundedRect(x + 4, y + 4, width - 8, height - 8, 3)
    .stroke(GREEN);
  doc.font('bold').fontSize(style.size);
  const text = doc.widthOfString(word) + style.track * (word.length - 1);
  put(doc, word, x + (width - text) / 2, y + height / 2 + style.size * 0.365, style);
  doc.restore();
}
