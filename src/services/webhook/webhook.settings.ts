import { oneOf, type Settings } from '../../platform/config/setting-kinds.ts';

/** The settings of webhooks. */
export const webhookSettings = {
  WEBHOOK_ALLOW_PRIVATE: {
    about: "let customers' webhook endpoints be at private addresses and without TLS; for tests and closed networks",
    takes: 'on or off',
    otherwise: 'off',
    read: oneOf('on', 'off'),
  },
} satisfies Settings;
