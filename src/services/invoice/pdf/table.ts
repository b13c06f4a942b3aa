import { bareMoney, quantityText } from './facts.ts';
import {
  BODY,
  BOTTOM,
  type Doc,
  GREY,
  INK,
  LEFT,
  label,
  linesOf,
  put,
  putFigure,
  putLines,
  QUIET,
  RIGHT,
  rule,
  STRONG,
  widthOf,
} from './sheet.ts';
import type { PdfInvoice, PdfItem } from './types.ts';

const GAP = 14;
const PAD = 7;
const NAME_LEADING = 12.5;
const TEXT_LEADING = 11;
const CARRY = 24;
const TEXT: number = LEFT + 24;

interface Columns {
  textWidth: number;
  quantity: number;
  quantityWidth: number;
  unit: number;
  unitWidth: number;
  amountWidth: number;
}

interface Row {
  item: PdfItem;
  name: string[];
  description: string[];
  height: number;
}

/** Draws the lines over as many pages as they need, and returns where the table ended.
 *  The last line stays with what follows it, which is `closing` points high. */
export function itemTable(doc: Doc, invoice: PdfInvoice, top: number, closing: number, nextPage: () => number): number {
  const columns = columnsFor(doc, invoice);
  const rows = invoice.items.map((item) => measureRow(doc, item, columns));
  let y = head(doc, invoice, columns, top);
  let carried = 0;
  let onPage = 0;
  const turn = () => {
    carry(doc, invoice, 'Carried forward', carried, y);
    y = head(doc, invoice, columns, nextPage());
    y = carry(doc, invoice, 'Brought forward', carried, y);
    rule(doc, LEFT, RIGHT, y);
    onPage = 0;
  };
  for (const [i, row] of rows.entries()) {
    const after = i === rows.length - 1 ? Math.max(closing, CARRY) : CARRY;
    if (onPage > 0 && y + row.height + after > BOTTOM) turn();
    drawRow(doc, invoice, columns, row, i + 1, y);
    y += row.height;
    rule(doc, LEFT, RIGHT, y);
    carried += row.item.total_price;
    onPage += 1;
  }
  if (y + closing > BOTTOM) turn();
  return y;
}

// The figures take what they need, the text what is left.
function columnsFor(doc: Doc, invoice: PdfInvoice): Columns {
  const widest = (texts: string[], least: number, most: number) =>
    Math.min(most, Math.max(least, ...texts.map((text) => widthOf(doc, text, STRONG))));
  const amounts = [...invoice.items.map((item) => item.total_price), invoice.subtotal];
  const amountWidth = widest(
    amounts.map((amount) => bareMoney(invoice, amount)),
    66,
    96,
  );
  const unitWidth = widest(
    invoice.items.map((item) => bareMoney(invoice, item.unit_price)),
    52,
    96,
  );
  const quantityWidth = widest(
    invoice.items.map((item) => quantityText(item.quantity)),
    28,
    70,
  );
  const unit = RIGHT - amountWidth - GAP;
  const quantity = unit - unitWidth - GAP;
  return { amountWidth, unitWidth, quantityWidth, unit, quantity, textWidth: quantity - quantityWidth - GAP - TEXT };
}

function measureRow(doc: Doc, item: PdfItem, columns: Columns): Row {
  const name = linesOf(doc, item.product_name, columns.textWidth, STRONG, 4);
  const description = linesOf(doc, item.description, columns.textWidth, QUIET, 8);
  const height = 2 * PAD + Math.max(1, name.length) * NAME_LEADING + description.length * TEXT_LEADING;
  return { item, name, description, height };
}

function head(doc: Doc, invoice: PdfInvoice, columns: Columns, y: number): number {
  label(doc, '#', LEFT, y);
  label(doc, 'Description', TEXT, y);
  label(doc, 'Qty', columns.quantity, y, 'right');
  label(doc, 'Unit price', columns.unit, y, 'right');
  label(doc, `Amount ${invoice.currency}`, RIGHT, y, 'right');
  rule(doc, LEFT, RIGHT, y + 7, INK, 0.9);
  return y + 7;
}

function drawRow(doc: Doc, invoice: PdfInvoice, columns: Columns, row: Row, number: number, top: number): void {
  const { item } = row;
  const y = top + PAD + 8.5;
  put(doc, String(number), LEFT, y, { ...BODY, color: GREY });
  const next = putLines(doc, row.name, TEXT, y, NAME_LEADING, STRONG);
  putLines(doc, row.description, TEXT, row.name.length > 0 ? next : y, TEXT_LEADING, QUIET);
  putFigure(doc, quantityText(item.quantity), columns.quantity, y, columns.quantityWidth, BODY);
  putFigure(doc, bareMoney(invoice, item.unit_price), columns.unit, y, columns.unitWidth, BODY);
  putFigure(doc, bareMoney(invoice, item.total_price), RIGHT, y, columns.amountWidth, BODY);
}

function carry(doc: Doc, invoice: PdfInvoice, text: string, amount: number, top: number): number {
  const y = top + 15.5;
  put(doc, text, TEXT, y, { ...QUIET, size: 8.5 });
  put(doc, bareMoney(invoice, amount), RIGHT, y, STRONG, 'right');
  return top + CARRY;
}
