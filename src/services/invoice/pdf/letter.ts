import { dateText, headline, ibanText } from './facts.ts';
import {
  ACCENT,
  BODY,
  type Doc,
  FOOTER_TOP,
  GREY,
  INK,
  LEFT,
  linesOf,
  mm,
  PAPER,
  put,
  putClipped,
  putLines,
  QUIET,
  RIGHT,
  rule,
  SECOND,
  STRONG,
} from './sheet.ts';
import type { PdfInvoice, Seller } from './types.ts';

const WINDOW_WIDTH = mm(80);
const WINDOW_LINES = 6;

/** Everything above the table on the first page; returns where the table may start. */
export function letter(doc: Doc, invoice: PdfInvoice, seller: Seller): number {
  letterhead(doc, seller);
  addressWindow(doc, invoice, seller);
  facts(doc, invoice);
  // Where a letter is folded twice to fit its envelope.
  for (const fold of [105, 210]) rule(doc, mm(5), mm(8), mm(fold), '#c3c9d1', 0.4);
  putClipped(
    doc,
    headline(invoice),
    { x: LEFT, y: mm(107), width: RIGHT - LEFT },
    { size: 14, color: ACCENT, font: 'bold' },
  );
  return mm(119);
}

/** The thin head of a following page; returns where the table may start. */
export function continuation(doc: Doc, invoice: PdfInvoice, seller: Seller): number {
  const y = mm(20);
  putClipped(doc, seller.name, { x: LEFT, y, width: mm(95) }, { ...STRONG, color: ACCENT });
  putClipped(
    doc,
    `Invoice ${invoice.invoice_number}`,
    { x: RIGHT, y, width: RIGHT - SECOND, align: 'right' },
    { ...QUIET, size: 9 },
  );
  return mm(34);
}

function letterhead(doc: Doc, seller: Seller): void {
  doc.rect(0, 0, PAPER.width, 4).fill(ACCENT);
  const hasLogo = logo(doc, seller.logo);
  if (!hasLogo) {
    const style = { size: 16, color: ACCENT, font: 'bold' as const };
    putLines(doc, linesOf(doc, seller.name, mm(95), style, 2), LEFT, mm(22), 20, style);
  }
  const lines = [hasLogo ? seller.name : undefined, ...seller.lines.slice(0, 4), seller.email, seller.phone];
  for (const [i, line] of lines.filter((line) => line !== undefined).entries()) {
    putClipped(doc, line, { x: SECOND, y: mm(19.5) + i * 11, width: RIGHT - SECOND }, QUIET);
  }
}

// An image that can't be read must not stop an invoice: the name stands in its place.
function logo(doc: Doc, image: Buffer | undefined): boolean {
  if (!image) return false;
  try {
    doc.image(image, LEFT, mm(14), { fit: [mm(70), mm(20)], valign: 'center' });
    return true;
  } catch {
    return false;
  }
}

function addressWindow(doc: Doc, invoice: PdfInvoice, seller: Seller): void {
  const sender = [seller.name, ...seller.lines].join(' · ');
  putClipped(doc, sender, { x: LEFT, y: mm(56), width: WINDOW_WIDTH }, { size: 6, color: GREY });
  rule(doc, LEFT, LEFT + WINDOW_WIDTH, mm(57.6));
  const name = linesOf(doc, invoice.buyer.name, WINDOW_WIDTH, { ...STRONG, size: 10 }, 2);
  const room = WINDOW_LINES - name.length;
  const given = invoice.buyer.lines.filter((line) => line.trim() !== '');
  // More lines than the window shows: the last one takes the rest.
  const lines = given.length <= room ? given : [...given.slice(0, room - 1), given.slice(room - 1).join(', ')];
  let y = putLines(doc, name, LEFT, mm(64.5), 13, { ...STRONG, size: 10 });
  for (const line of lines) {
    putClipped(doc, line, { x: LEFT, y, width: WINDOW_WIDTH }, { ...BODY, size: 10 });
    y += 13;
  }
}

function facts(doc: Doc, invoice: PdfInvoice): void {
  put(doc, 'INVOICE', SECOND, mm(57), { size: 20, color: INK, font: 'bold', track: 1 });
  const rows: [string, string][] = [
    ['Invoice number', invoice.invoice_number],
    ['Invoice date', dateText(invoice, invoice.created_at)],
    ['Due date', dateText(invoice, invoice.due_date)],
    ['Order number', String(invoice.order_id)],
  ];
  if (invoice.buyer.tax_id) rows.push(['Your tax ID', invoice.buyer.tax_id]);
  for (const [i, [label, value]] of rows.entries()) {
    const y = mm(65.5) + i * 14.5;
    put(doc, label, SECOND, y, { ...QUIET, size: 8.5 });
    const style = i === 0 ? STRONG : BODY;
    putClipped(doc, value, { x: RIGHT, y, width: RIGHT - SECOND - 70, align: 'right' }, style);
  }
}

/** The foot of a page: the seller's particulars and the page's number. */
export function footer(doc: Doc, seller: Seller, page: number, pages: number): void {
  rule(doc, LEFT, RIGHT, FOOTER_TOP);
  const style = { size: 7, color: GREY };
  const columns = [
    { x: LEFT, width: mm(50), lines: [seller.name, ...seller.lines] },
    { x: mm(80), width: mm(42), lines: [seller.email, seller.phone, labelled('Tax ID', seller.tax_id)] },
    {
      x: SECOND,
      width: mm(46),
      lines: [labelled('IBAN', ibanText(seller.iban)), labelled('BIC', seller.bic), seller.footer],
    },
  ];
  for (const { x, width, lines } of columns) {
    const shown = lines.filter((line) => line !== undefined && line.trim() !== '').slice(0, 4);
    for (const [i, line] of shown.entries())
      putClipped(doc, line ?? '', { x, y: FOOTER_TOP + 14 + i * 10, width }, style);
  }
  put(doc, `Page ${page} of ${pages}`, RIGHT, FOOTER_TOP + 14, style, 'right');
}

function labelled(label: string, value: string | undefined): string | undefined {
  return value ? `${label} ${value}` : undefined;
}

const MARKS = { draft: ['DRAFT', '#eff2f6', 140], cancelled: ['CANCELLED', '#fbe6e6', 96] } as const;

/** The word across a page that is not, or no longer, a demand. Drawn first, so that text stays readable over it. */
export function watermark(doc: Doc, status: PdfInvoice['status']): void {
  if (status !== 'draft' && status !== 'cancelled') return;
  const [word, color, size] = MARKS[status];
  const style = { size, color, font: 'bold' as const, track: 4 };
  const centre: [number, number] = [PAPER.width / 2, PAPER.height * 0.56];
  doc.save().rotate(-38, { origin: centre });
  doc.font('bold').fontSize(size);
  const width = doc.widthOfString(word) + 4 * (word.length - 1);
  put(doc, word, centre[0] - width / 2, centre[1] + size * 0.36, style);
  doc.restore();
}
