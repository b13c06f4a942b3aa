/** What an invoice's page shows. All money is integer minor units. */
export interface PdfInvoice {
  invoice_number: string;
  status: 'draft' | 'sent' | 'paid' | 'cancelled';
  created_at: string;
  due_date: string;
  /** Of the shop, in which the dates are shown. */
  time_zone: string;
  currency: string;
  order_id: number;
  buyer: { name: string; lines: string[]; tax_id?: string };
  items: PdfItem[];
  subtotal: number;
  tax: number;
  total: number;
  tax_rate_percent: string;
  paid_total: number;
  refunded_total: number;
  credited_total: number;
  /** What is still owed. */
  open: number;
}

/** One line of the table. */
export interface PdfItem {
  product_name: string;
  description: string;
  quantity: number;
  unit_price: number;
  total_price: number;
}

/** Whose letterhead it is; everything but the name may be absent. */
export interface Seller {
  name: string;
  lines: string[];
  email?: string;
  phone?: string;
  tax_id?: string;
  iban?: string;
  bic?: string;
  footer?: string;
  logo?: Buffer;
}
