import { withTimeout } from '../../../platform/bus/timeout.ts';
import type { Config } from '../../../platform/config/config.ts';
import type { BrokerFacts, Facts } from '../facts.ts';
import { failureReason } from './servers.ts';

const TIMEOUT_MS = 8_000;

/** Reads the version and state of the broker, and writes nothing to it. */
export async function brokerFacts(config: Config): Promise<Facts['broker']> {
  const { EVENT_BUS: bus } = config;
  if (bus === 'embedded') return { none: 'the bus is a log in the database' };
  try {
    return { found: await withTimeout(TIMEOUT_MS, 'no answer', PROBES[bus](config)) };
  } catch (error) {
    return { found: { failure: `${bus}: ${failureReason(error)}` } };
  }
}

const PROBES = { redis: probeRedis, rabbitmq: probeRabbitMq, kafka: probeKafka };

async function probeRedis({ REDIS_URL: url }: Config): Promise<BrokerFacts> {
  const { createClient } = await import('@redis/client');
  const client = createClient({ url, RESP: 2, socket: { connectTimeout: 4_000, reconnectStrategy: false } });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const info = await client.info();
    const names = ['appendonly', 'maxmemory-policy', 'stop-writes-on-bgsave-error'];
    const settings = await client.configGet(names).catch((): Record<string, string> => ({}));
    return redisFacts(info, settings);
  } finally {
    client.destroy();
  }
}

/** Interprets the INFO and CONFIG of Redis for its use as a bus. */
export function redisFacts(info: string, settings: Readonly<Record<string, string | undefined>>): BrokerFacts {
  const value = (name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
  const stopsWrites = settings['stop-writes-on-bgsave-error'] === 'yes' && value('rdb_last_bgsave_status') === 'err';
  const full = Number(value('maxmemory')) > 0 && Number(value('used_memory')) >= Number(value('maxmemory'));
  const refusals: [boolean, string][] = [
    [value('role') === 'slave', 'it is a replica, and accepts no writes'],
    [value('loading') === '1', 'it is still loading its data'],
    [stopsWrites, 'it accepts no writes since its last snapshot failed'],
    [full, 'its memory is full'],
  ];
  const policy = settings['maxmemory-policy'];
  return {
    what: `Redis ${value('redis_version')}`,
    refuses: refusals.find(([is]) => is)?.[1],
    losses: [
      ...(settings.appendonly === 'no' ? ['appendonly is off: a restart loses events that wait'] : []),
      ...(policy && policy !== 'noeviction' ? [`${policy}: it evicts data when it is full`] : []),
    ],
  };
}

async function probeRabbitMq({ RABBITMQ_URL: url }: Config): Promise<BrokerFacts> {
  const { Connection } = await import('rabbitmq-client');
  const connection = new Connection({ url, connectionTimeout: 4_000 });
  let refuses: string | undefined;
  connection.on('connection.blocked', (reason) => {
    refuses = String(reason);
  });
  try {
    await new Promise<void>((resolve, reject) => {
      connection.once('connection', resolve);
      connection.on('error', reject);
    });
    return { what: 'RabbitMQ', refuses, losses: undefined };
  } finally {
    connection.unsafeDestroy();
  }
}

async function probeKafka({ KAFKA_BROKERS: bootstrapBrokers }: Config): Promise<BrokerFacts> {
  const { Admin } = await import('@platformatic/kafka');
  const admin = new Admin({ clientId: 'tradepost-doctor', bootstrapBrokers, retries: 0, connectTimeout: 4_000 });
  try {
    const { brokers } = await admin.metadata({ topics: [], forceUpdate: true });
    const count = brokers.size === 1 ? '1 broker' : `${brokers.size} brokers`;
    return { what: `Kafka, ${count}`, refuses: undefined, losses: undefined };
  } finally {
    await admin.close();
  }
}
