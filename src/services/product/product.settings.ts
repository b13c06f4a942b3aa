import { oneOf, type Settings, whole } from '../../platform/config/setting-kinds.ts';

/** The settings of the catalogue. */
export const productSettings = {
  SAMPLE_DATA: {
    about: 'put the eight sample products into an empty catalogue',
    takes: 'on or off',
    otherwise: 'on',
    read: oneOf('on', 'off'),
  },
  MAX_HELD_PER_CUSTOMER: {
    about: 'how many unpaid units of a product one customer may hold, in orders placed since it is set; 0: no limit',
    takes: 'a whole number from 0 to 1000000',
    otherwise: '0',
    read: whole(0, 1_000_000),
  },
} satisfies Settings;
