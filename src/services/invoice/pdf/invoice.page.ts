import type { SettingValues } from '../../../platform/config/setting-kinds.ts';
import { parseRate, percentText } from '../../../platform/contract/money.ts';
import { type InvoiceState, openOf } from '../invoice.model.ts';
import type { PdfInvoice, Seller } from './invoice.pdf.ts';
import type { invoiceSettings } from './invoice.settings.ts';

type SellerSettings = SettingValues<typeof invoiceSettings>;

/** Whose letterhead it is; a setting that is empty is not shown. */
export function sellerOf(config: SellerSettings): Seller {
  return {
    name: config.SELLER_NAME,
    lines: config.SELLER_ADDRESS.split('|')
      .map((line) => line.trim())
      .filter((line) => line !== ''),
    tax_id: config.SELLER_TAX_ID || undefined,
    email: config.SELLER_EMAIL || undefined,
    phone: config.SELLER_PHONE || undefined,
    iban: config.SELLER_IBAN || undefined,
    bic: config.SELLER_BIC || undefined,
  };
}

/** What the page shows of an invoice. */
export function invoicePage(state: InvoiceState, time_zone: string): PdfInvoice {
  const rate = parseRate(state.tax_rate);
  if (!rate) throw new Error(`the invoice ${state.invoice_number} has no tax rate but '${state.tax_rate}'`);
  return { ...state, open: openOf(state), time_zone, tax_rate_percent: percentText(rate) };
}
