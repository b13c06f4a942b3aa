import { type Settings, words } from '../../../platform/config/setting-kinds.ts';

/** The settings of invoices: who sells. */
export const invoiceSettings = {
  SELLER_NAME: words('the seller on invoices', 'Tradepost'),
  SELLER_ADDRESS: words('its address; lines are separated by |', ''),
  SELLER_TAX_ID: words('its tax number', ''),
  SELLER_EMAIL: words('its e-mail address', ''),
  SELLER_PHONE: words('its telephone number', ''),
  SELLER_IBAN: words('the account that invoices are paid to', ''),
  SELLER_BIC: words('the BIC of that account', ''),
} satisfies Settings;
