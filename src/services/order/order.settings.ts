import { type Settings, whole } from '../../platform/config/setting-kinds.ts';
import { parseRate, type Rate } from '../../platform/contract/money.ts';

/** The settings of orders. */
export const orderSettings = {
  TAX_RATE: {
    about: 'the tax on an order, as a fraction of its subtotal',
    takes: 'a decimal from 0 to 1 with at most seven digits, such as 0.1',
    otherwise: '0.1',
    read: (given: string): Rate | undefined => parseRate(given),
  },
  ORDER_EXPIRES_HOURS: {
    about: 'how long a new order may wait to be paid, or invoiced on account, before it is cancelled by itself',
    takes: 'a whole number of hours from 0 to 8760 (0: for ever)',
    otherwise: '72',
    read: whole(0, 8_760),
  },
} satisfies Settings;
