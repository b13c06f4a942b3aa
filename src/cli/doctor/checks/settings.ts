import { type DoctorCheck, fail, judgeFound, ok, warn } from '../check.ts';

/** Values from examples and manuals, which are not secret. */
const EXAMPLES =
  /^(your[-_ ]?(jwt[-_ ]?)?secret([-_ ]?key)?|change[-_ ]?(me|this).*|(super|my)[-_ ]?secret.*|secret.*|jwt[-_ ]?secret.*|password.*|test.*|example.*|12345678.*)$/i;

/** Whether the settings are valid, and safe. */
export const settingsChecks: readonly DoctorCheck[] = [
  {
    name: 'settings',
    judge({ settings: { faults, warnings } }) {
      const remedy = 'Correct them in the environment or in .env.';
      if (faults.length > 0) return fail(faults.join(' '), remedy);
      return warnings.length > 0 ? warn(warnings.join('; '), remedy) : ok('valid');
    },
  },
  {
    name: 'unknown settings',
    judge({ settings: { unknown } }) {
      if (unknown.length === 0) return ok('none');
      const names = unknown.map(({ name, suggestion }) => (suggestion ? `${name} (${suggestion}?)` : name));
      return warn(names.join(', '), 'Nobody reads them: correct the names, or remove them. See tradepost config.');
    },
  },
  {
    name: 'secrets',
    judge: ({ secrets }) =>
      judgeFound(secrets, ({ secrets: all, severalProcesses, mismatched, production }) => {
        const advice = 'Set a random one of 32 characters or more: openssl rand -hex 32.';
        if (severalProcesses && !all.some(({ name }) => /^(JWT|SERVICE)_SECRET$/.test(name))) {
          return fail('none, and services run in several processes', 'Set the same SERVICE_SECRET for every process.');
        }
        const examples = all.filter(({ value }) => EXAMPLES.test(value)).map(({ name }) => name);
        if (examples.length > 0) return (production ? fail : warn)(`${examples.join(', ')} stands in manuals`, advice);
        if (mismatched.length > 0) {
          return fail(
            `another JWT_SECRET at ${mismatched.join(', ')}`,
            'Give every process the same one, and restart.',
          );
        }
        const short = all.filter(({ value }) => value.length < 32).map(({ name }) => name);
        if (short.length > 0) return warn(`${short.join(', ')} under 32 characters`, advice);
        return ok(all.length === 0 ? 'a key made at the first start' : all.map(({ name }) => name).join(', '));
      }),
  },
  {
    name: 'exposure',
    judge: ({ exposure }) =>
      judgeFound(exposure, ({ host, production, privateWebhooks, manualPayments, plainText }) => {
        const open = !/^(localhost|127\.|::1)/.test(host);
        if (open && !production) {
          return warn(
            `reachable from other machines (HOST=${host}) with the rules of a laptop`,
            'Set NODE_ENV=production.',
          );
        }
        if (privateWebhooks && production) {
          return warn('webhooks may go to private addresses', 'Unset WEBHOOK_ALLOW_PRIVATE.');
        }
        if (manualPayments && production) {
          return warn('payments are taken as paid without a provider', 'Set PAYMENT_PROVIDER, unless that is meant.');
        }
        return plainText.length > 0
          ? warn(`${plainText.join(', ')}: another machine, without TLS`, 'Use TLS, or a network that is yours alone.')
          : ok(open ? `HOST=${host}` : 'this machine only');
      }),
  },
  {
    name: 'TLS',
    judge: ({ certificates }) =>
      judgeFound(certificates, (all) => {
        const bad = all.find(({ distrust }) => distrust !== undefined);
        if (bad)
          return fail(
            `${bad.url}: ${bad.distrust}`,
            'Renew its certificate, or add its authority (NODE_EXTRA_CA_CERTS).',
          );
        const soon = all.find(({ daysLeft }) => daysLeft < 14);
        return soon
          ? warn(`${soon.url} is valid for ${soon.daysLeft} more days`, 'Renew its certificate.')
          : ok(`${all.length} valid`);
      }),
  },
];
