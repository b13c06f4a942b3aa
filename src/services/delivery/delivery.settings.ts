import { oneOf, type Settings, secret, whole } from '../../platform/config/setting-kinds.ts';

/** The settings of deliveries. */
export const deliverySettings = {
  CARRIER_SECRET: secret('carriers sign what they report with it; unset: only staff report'),
  CARRIER_SIMULATION: {
    about: 'on: parcels without a carrier go with a built-in one, which takes them to their end',
    takes: 'on or off',
    otherwise: 'off',
    read: oneOf('on', 'off'),
  },
  CARRIER_SIMULATION_SECONDS: {
    about: 'how long the built-in carrier takes from one step to the next',
    takes: 'a whole number of seconds from 1 to 86400',
    otherwise: '5',
    read: whole(1, 86_400),
  },
} satisfies Settings;
