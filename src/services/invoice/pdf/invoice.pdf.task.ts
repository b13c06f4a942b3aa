import { defineTask } from '../../../platform/app/worker/task.ts';
import { invoicePdf, type PdfInvoice, type Seller } from './invoice.pdf.ts';

interface Order {
  readonly invoice: PdfInvoice;
  readonly seller: Seller;
}

/** Makes the PDF of an invoice, in base64, in a thread of its own: a long one takes as long as many requests. */
export const pdfTask = defineTask(import.meta.url, 'invoice.pdf', async ({ invoice, seller }: Order) => {
  const bytes = await invoicePdf(invoice, seller);
  return bytes.toString('base64');
});
