import type { Settings } from '../../platform/config/setting-kinds.ts';
import { parseRate, type Rate } from '../../platform/contract/money.ts';

/** The settings of orders. */
export const orderSettings = {
  TAX_RATE: {
    about: 'the tax on an order, as a fraction of its subtotal',
    takes: 'a decimal from 0 to 1 with at most seven digits, such as 0.1',
    otherwise: '0.1',
    read: (given: string): Rate | undefined => parseRate(given),
  },
} satisfies Settings;
