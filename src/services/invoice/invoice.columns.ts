import type { Columns } from '../../platform/db/columns.ts';
import type { InvoiceState } from './invoice.model.ts';

/** How both stores keep an invoice: one row, its lines and its buyer as JSON in it. */
export const INVOICE_COLUMNS: Columns<InvoiceState> = {
  invoice_id: 'bigint',
  order_id: 'bigint',
  user_id: 'bigint',
  username: 'text',
  invoice_number: 'text',
  items: 'json',
  subtotal: 'bigint',
  tax: 'bigint',
  tax_rate: 'text',
  total: 'bigint',
  currency: 'text',
  buyer: 'json',
  status: 'text',
  paid_total: 'bigint',
  refunded_total: 'bigint',
  credited_total: 'bigint',
  created_at: 'timestamptz',
  due_date: 'timestamptz',
  updated_at: 'timestamptz',
};
