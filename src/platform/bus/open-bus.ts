import { assets } from '../app/assets.ts';
import type { Engines } from '../app/engines.ts';
import { type Config, ConfigError } from '../config/config.ts';
import type { Contract } from '../contract/contract.ts';
import { readMigrations } from '../db/migrations.ts';
import { BUS_SCHEMA } from '../db/postgres/event-log.ts';
import { migrate } from '../db/postgres/migrate.ts';
import type { Log } from '../observability/log.ts';
import type { Bus } from './bus.ts';
import { openEmbeddedBus } from './embedded/embedded.ts';
import { BROADCAST_TOPIC } from './kafka/settings.ts';

interface BusParts {
  readonly config: Config;
  /** Of every service there is: each says where its events are. */
  readonly contracts: readonly Contract[];
  readonly engines: Pick<Engines, 'eventLog'>;
  readonly log: Log;
}

/** Opens the bus that EVENT_BUS names. A driver is loaded only where it is used. */
export async function openBus({ config, engines, log, contracts }: BusParts): Promise<Bus> {
  const prefix = config.KAFKA_GROUP_ID;
  const topics = new Map(contracts.map(({ name, topic }) => [name, topic]));
  const topicOf = (source: string): string => topics.get(source) ?? source;
  const keepMs = config.EVENT_RETENTION_DAYS * 86_400_000;
  switch (config.EVENT_BUS) {
    case 'redis':
      return (await import('./redis/redis.ts')).openRedisBus({ url: config.REDIS_URL, prefix, topicOf, keepMs, log });
    case 'rabbitmq':
      return (await import('./rabbitmq/rabbitmq.ts')).openRabbitBus({ url: config.RABBITMQ_URL, prefix, topicOf, log });
    case 'kafka': {
      const given = (topic: string): string =>
        config.KAFKA_TOPIC_PREFIX + (topic === 'transactions' ? config.KAFKA_TOPIC : topic);
      const known = [...topics.values(), BROADCAST_TOPIC];
      const topicNames = Object.fromEntries(known.map((topic) => [topic, given(topic)]));
      const { openKafkaBus } = await import('./kafka/kafka.ts');
      return openKafkaBus({ brokers: config.KAFKA_BROKERS, prefix, topicOf, topicNames, log });
    }
    default: {
      const place = engines.eventLog();
      if (!place) throw new ConfigError([NO_SHARED_DATABASE]);
      const { db, session } = place;
      await migrate(db, [busMigrations()]);
      return openEmbeddedBus({ db, session, prefix, log });
    }
  }
}

const NO_SHARED_DATABASE =
  'EVENT_BUS=embedded keeps its log in one database for all services, and each service here has its own; set DATABASE_URL with DB_DRIVER=postgres for the log, or EVENT_BUS to redis, rabbitmq or kafka.';

/** The migrations of the log that the embedded bus is. */
export function busMigrations() {
  return { schema: BUS_SCHEMA, migrations: readMigrations(assets, 'platform/bus/migrations', BUS_SCHEMA) };
}
