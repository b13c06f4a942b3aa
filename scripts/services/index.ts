import { kafka } from './kafka.ts';
import type { Kind } from './kind.ts';
import { postgres } from './postgres.ts';
import { rabbitmq } from './rabbitmq.ts';
import { redis } from './redis.ts';
import { type Server, type StartOptions, startServer } from './server.ts';

export { type Server, type StartOptions, startServer } from './server.ts';

/** All that `npm run services` brings, in the order in which it tells of them. */
export const KINDS: readonly Kind[] = [postgres, redis, rabbitmq, kafka];

/** Starts a Redis of one's own; see `startServer` for what it promises. */
export function startRedis(options: StartOptions): Promise<Server> {
  return startServer(redis, options);
}

/** Starts a RabbitMQ of one's own; see `startServer` for what it promises. */
export function startRabbit(options: StartOptions): Promise<Server> {
  return startServer(rabbitmq, options);
}

/** Starts an Apache Kafka of one's own; see `startServer` for what it promises. */
export function startKafka(options: StartOptions): Promise<Server> {
  return startServer(kafka, options);
}
