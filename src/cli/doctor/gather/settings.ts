import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { container } from '../../../container.ts';
import { modulesOf } from '../../../platform/app/app.ts';
import { createTokens } from '../../../platform/auth/tokens.ts';
import type { Config } from '../../../platform/config/config.ts';
import { parseAddress } from '../../../platform/db/postgres/address.ts';
import { serverAddresses } from '../../status/system-status.ts';
import type { CertificateFacts, ExposureFacts, Facts, SecretFacts } from '../facts.ts';

const SECRETS = ['JWT_SECRET', 'SERVICE_SECRET', 'CARRIER_SECRET'] as const;

/** The secrets of the settings, and the servers that have another one. */
export async function secretFacts(config: Config): Promise<SecretFacts> {
  const secrets = SECRETS.flatMap((name) => {
    const value = config.all[name];
    return typeof value === 'string' ? [{ name, value }] : [];
  });
  const all = modulesOf(container);
  return {
    secrets,
    severalProcesses: all.some(({ contract }) => !config.services.has(contract.name)),
    mismatched: config.JWT_SECRET === undefined ? [] : await serversWithOtherSecret(config, config.JWT_SECRET),
    production: config.NODE_ENV === 'production',
  };
}

/** A customer that never exists: it owns nothing, and no request of it writes anything. */
const PROBE_USER = { id: Number.MAX_SAFE_INTEGER, username: 'doctor', role: 'customer' as const };

async function serversWithOtherSecret(config: Config, secret: string): Promise<string[]> {
  const token = await createTokens(secret).sign(PROBE_USER, 60, 'doctor');
  const headers = { authorization: `Bearer ${token}` };
  const addresses = serverAddresses(config, config.PORT === 0 ? { url: 'http://localhost:1' } : {});
  const responses = addresses.map(async ({ url, services }) => {
    const path = pathOf(services);
    if (path === undefined) return [];
    const options = { headers, signal: AbortSignal.timeout(5_000), redirect: 'error' as const };
    const status = await fetch(url + path, options).then(
      (answer) => answer.status,
      () => undefined,
    );
    return status === 401 ? [url] : [];
  });
  return (await Promise.all(responses)).flat();
}

/** A list of one of these services that every customer may read; not of the user service, which looks the user up. */
function pathOf(services: readonly string[]): string | undefined {
  const contracts = modulesOf(container).map(({ contract }) => contract);
  const ops = contracts
    .filter(({ name }) => services.includes(name) && name !== 'user')
    .flatMap((contract) => Object.values(contract.ops));
  return ops.find(({ method, path, access }) => method === 'GET' && access === 'customer' && !path.includes('{'))?.path;
}

const isLocal = (host: string): boolean => host === '' || /^(localhost|127\.|\[?::1\]?$|\/)/.test(host);

/** What other machines can reach, and which connections to them have no TLS. */
export function exposureFacts(config: Config): ExposureFacts {
  const urls: [string, string | undefined][] = [
    ['DATABASE_URL', config.databaseUrl],
    ['REDIS_URL', config.EVENT_BUS === 'redis' ? config.REDIS_URL : undefined],
    ['RABBITMQ_URL', config.EVENT_BUS === 'rabbitmq' ? config.RABBITMQ_URL : undefined],
  ];
  const plainText = urls.flatMap(([name, url]) => {
    if (url === undefined) return [];
    const database = parseAddress(url);
    if (database) return /require|verify/.test(database.words.sslmode ?? '') || isLocal(database.host) ? [] : [name];
    const { hostname, protocol } = new URL(url);
    return /s:$/.test(protocol) || isLocal(hostname) ? [] : [name];
  });
  return {
    host: config.HOST,
    production: config.NODE_ENV === 'production',
    privateWebhooks: config.all.WEBHOOK_ALLOW_PRIVATE === 'on',
    manualPayments: config.all.PAYMENT_PROVIDER === 'manual',
    plainText,
  };
}

/** The certificates of every server of the settings with TLS. */
export async function certificateFacts(config: Config): Promise<Facts['certificates']> {
  const services = modulesOf(container).map(({ contract }) => config.of(contract.name).URL);
  const { CLICKHOUSE_HOST: host, CLICKHOUSE_PORT: port } = config;
  const urls = [
    ...services,
    config.EVENT_BUS === 'redis' ? config.REDIS_URL : undefined,
    config.EVENT_BUS === 'rabbitmq' ? config.RABBITMQ_URL : undefined,
    config.CLICKHOUSE_TLS === 'on' && host ? `https://${host}:${port}` : undefined,
  ].filter((url) => url !== undefined && /^(https|rediss|amqps):/.test(url)) as string[];
  if (urls.length === 0) return { none: 'no server is reached over TLS' };
  return { found: await Promise.all([...new Set(urls)].map(certificateAt)) };
}

const TLS_PORTS: Readonly<Record<string, number>> = { 'https:': 443, 'rediss:': 6379, 'amqps:': 5671 };
const DAY_MS = 86_400_000;

/** The facts of a server's certificate. */
export function certificateAt(url: string): Promise<CertificateFacts> {
  const { hostname, port, protocol } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const shown = `${protocol}//${hostname}${port ? `:${port}` : ''}`;
  const options = {
    host,
    port: Number(port) || (TLS_PORTS[protocol] ?? 443),
    servername: isIP(host) ? undefined : host,
    // The certificate is only read: nothing is sent over this connection.
    rejectUnauthorized: false,
    timeout: 5_000,
  };
  return new Promise((resolve) => {
    const failed = (distrust: string): void => resolve({ url: shown, distrust, daysLeft: 0 });
    const socket = connect(options, () => {
      const daysLeft = Math.floor((Date.parse(socket.getPeerCertificate().valid_to) - Date.now()) / DAY_MS);
      const { authorized, authorizationError } = socket;
      resolve({ url: shown, distrust: authorized ? undefined : String(authorizationError), daysLeft });
      socket.destroy();
    });
    socket.once('error', ({ message }) => failed(message));
    socket.once('timeout', () => {
      failed('no answer in 5 s');
      socket.destroy();
    });
  });
}
