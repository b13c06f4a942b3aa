import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { closing, closingHeight } from './closing.ts';
import { continuation, footer, letter, watermark } from './letter.ts';
import { type Doc, PAPER } from './sheet.ts';
import { itemTable } from './table.ts';
import type { PdfInvoice, Seller } from './types.ts';

export type { PdfInvoice, PdfItem, Seller } from './types.ts';

/** The invoice as a PDF to send. The same input gives the same bytes. */
export async function invoicePdf(invoice: PdfInvoice, seller: Seller): Promise<Buffer> {
  engine ??= load().catch((error) => {
    engine = undefined;
    throw error;
  });
  const { PDFDocument, body, bold } = await engine;
  const doc = new PDFDocument({
    size: [PAPER.width, PAPER.height],
    margin: 0,
    bufferPages: true,
    autoFirstPage: false,
    pdfVersion: '1.7',
    lang: 'en',
    displayTitle: true,
    info: metadata(invoice, seller),
  });
  useFont(doc, 'body', body);
  useFont(doc, 'bold', bold);
  const bytes = collect(doc);
  draw(doc, invoice, seller);
  doc.end();
  return bytes;
}

// pdfkit declares the box for a missing character in the font's own units, twice too wide, and the text after it
// would run out of its column: what it measures is right, so that is put in its place.
function useFont(doc: Doc, name: string, bytes: Buffer): void {
  doc.registerFont(name, bytes).font(name).fontSize(1000);
  const { _font: font } = doc as Doc & { _font?: { widths?: number[] } };
  if (font?.widths) font.widths[0] = doc.widthOfString('\uffff');
}

function draw(doc: Doc, invoice: PdfInvoice, seller: Seller): void {
  const page = () => {
    doc.addPage();
    watermark(doc, invoice.status);
  };
  page();
  const top = letter(doc, invoice, seller);
  const end = itemTable(doc, invoice, top, closingHeight(invoice, seller), () => {
    page();
    return continuation(doc, invoice, seller);
  });
  closing(doc, invoice, seller, end);
  const { count } = doc.bufferedPageRange();
  for (let i = 0; i < count; i++) {
    doc.switchToPage(i);
    footer(doc, seller, i + 1, count);
  }
}

// The file's /ID is a digest of these, so a fixed date is all that identical bytes need.
function metadata(invoice: PdfInvoice, seller: Seller) {
  const created = new Date(invoice.created_at);
  return {
    Title: `Invoice ${invoice.invoice_number}`.toWellFormed(),
    Author: seller.name.toWellFormed(),
    Subject: `Order ${invoice.order_id}`,
    CreationDate: Number.isNaN(created.getTime()) ? new Date(0) : created,
  };
}

function collect(doc: Doc): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    doc.on('data', (chunk: Buffer) => chunks.push(chunk));
    doc.on('end', () => resolve(Buffer.concat(chunks)));
    doc.on('error', reject);
  });
}

let engine: ReturnType<typeof load> | undefined;

// Loaded with the first invoice: a process that prints none should not wait for it at its start.
async function load() {
  const resolve = createRequire(import.meta.url).resolve;
  const [{ default: PDFDocument }, body, bold] = await Promise.all([
    import('pdfkit'),
    readFile(resolve('dejavu-fonts-ttf/ttf/DejaVuSansCondensed.ttf')),
    readFile(resolve('dejavu-fonts-ttf/ttf/DejaVuSansCondensed-Bold.ttf')),
  ]);
  return { PDFDocument, body, bold };
}
