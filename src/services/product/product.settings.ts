import { oneOf, type Settings } from '../../platform/config/setting-kinds.ts';

/** The settings of the catalogue. */
export const productSettings = {
  SAMPLE_DATA: {
    about: 'put the eight sample products into an empty catalogue',
    takes: 'on or off',
    otherwise: 'on',
    read: oneOf('on', 'off'),
  },
} satisfies Settings;
