import { oneOf, type Settings, whole } from '../../platform/config/setting-kinds.ts';

/** The settings of accounts and their tokens. */
export const userSettings = {
  ACCESS_TOKEN_SECONDS: {
    about: 'how long an access token is valid',
    takes: 'a whole number of seconds from 60 to 604800',
    otherwise: '86400',
    read: whole(60, 604_800),
  },
  BCRYPT_COST: {
    about: 'the cost of a password hash: one step more takes twice the time',
    takes: 'a whole number from 4 to 15',
    otherwise: '12',
    read: whole(4, 15),
  },
  PASSWORD_BLOCKLIST: {
    about: 'refuse common passwords; unset: on when NODE_ENV is production',
    takes: 'on or off',
    read: oneOf('on', 'off'),
  },
} satisfies Settings;
