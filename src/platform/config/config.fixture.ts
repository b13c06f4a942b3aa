import { parseRate, type Rate } from '../contract/money.ts';
import { amount, oneOf, type Settings, secret, whole, words } from './setting-kinds.ts';

/** Settings as services bring them along. */
export const accountSettings = {
  BCRYPT_COST: { about: 'a cost', takes: 'a whole number from 4 to 15', otherwise: '12', read: whole(4, 15) },
  PASSWORD_BLOCKLIST: { about: 'a switch', takes: 'on or off', read: oneOf('on', 'off') },
} satisfies Settings;

export const saleSettings = {
  TAX_RATE: {
    about: 'a rate',
    takes: 'a decimal from 0 to 1 with at most seven digits, such as 0.1',
    otherwise: '0.1',
    read: (given: string): Rate | undefined => parseRate(given),
  },
  CARRIER_SECRET: secret('a secret'),
  PAYMENT_MAX_TOTAL: amount('an amount', '1000'),
  SELLER_NAME: words('a name', 'Tradepost'),
} satisfies Settings;
