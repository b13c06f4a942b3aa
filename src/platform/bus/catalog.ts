import { SETTINGS } from '../config/settings.ts';
import { KAFKA_HEADER_PREFIX as KAFKA_PREFIX } from './kafka/settings.ts';
import { PARTITIONS } from './partition.ts';
import { AMQP_HEADER_PREFIX as AMQP_PREFIX } from './rabbitmq/publisher.ts';

/** What documents say of the buses and of what travels on them: data only; the drivers do what is said here. */

/** An attribute of an event, as `toHeaders` names it. */
export interface Attribute {
  readonly name: string;
  readonly about: string;
  readonly schema: Readonly<Record<string, string>>;
  readonly optional?: boolean;
  /** The column of the embedded log. */
  readonly column?: string;
}

const text = { type: 'string' };

export const ATTRIBUTES: readonly Attribute[] = [
  { name: 'specversion', about: 'the version of CloudEvents', schema: { ...text, const: '1.0' } },
  {
    name: 'id',
    about: 'UUIDv7; an event that comes twice has the same one',
    schema: { ...text, format: 'uuid' },
    column: 'id',
  },
  {
    name: 'source',
    about: 'the service that it comes from, after a slash: `/order`',
    schema: { ...text, pattern: '^/[a-z]+$' },
    column: 'source, without the slash',
  },
  { name: 'type', about: 'what happened: `order.created`', schema: text, column: 'type' },
  { name: 'subject', about: 'the id of what it is about', schema: text, column: 'subject' },
  { name: 'time', about: 'when, RFC 3339 UTC', schema: { ...text, format: 'date-time' }, column: 'time' },
  { name: 'partitionkey', about: 'the subject: events of one subject stay in their order', schema: text },
  { name: 'traceparent', about: 'W3C trace context of what brought it about', schema: text, column: 'trace' },
  {
    name: 'correlationid',
    about: 'the id of the request with which it all began',
    schema: text,
    column: 'correlation',
  },
  {
    name: 'causationid',
    about: 'the id of the event whose handling brought this one about; absent when a request did',
    schema: { ...text, format: 'uuid' },
    optional: true,
    column: 'causation',
  },
  {
    name: 'actor',
    about: 'who acted: `user/2/alice`, `anonymous` or `system`',
    schema: { ...text, pattern: '^(user/[0-9]+/.+|anonymous|system)$' },
    column: 'actor',
  },
  {
    name: 'about',
    about: 'what else it concerns: `order/17` on every event of an order, whoever announces it',
    schema: { ...text, pattern: '^[a-z]+/[0-9]+$' },
    optional: true,
    column: 'about',
  },
];

/** One of the values of EVENT_BUS. */
export interface BusDescription {
  readonly name: 'embedded' | 'redis' | 'rabbitmq' | 'kafka';
  readonly title: string;
  readonly protocol: string;
  readonly protocolVersion?: string;
  /** The setting that says where it is, and what that is when nobody says. */
  readonly setting: string;
  readonly host: string;
  readonly pathname?: string;
  /** Where the events of a topic are. */
  readonly place: (topic: string) => string;
  /** What stands before the name of an attribute; undefined where attributes are columns. */
  readonly prefix?: string;
  readonly attributes: string;
}

const PREFIX = SETTINGS.KAFKA_GROUP_ID.otherwise;
const hostOf = (url: string): string => new URL(url).host;

export const BUSES: readonly BusDescription[] = [
  {
    name: 'embedded',
    title: 'A log in PostgreSQL',
    protocol: 'postgresql',
    setting: 'DATABASE_URL',
    host: `${SETTINGS.POSTGRES_HOST.otherwise}:${SETTINGS.POSTGRES_PORT.otherwise}`,
    pathname: `/${SETTINGS.POSTGRES_DB.otherwise}`,
    place: () => 'table `tradepost_bus.log`, all topics in one',
    attributes: 'columns of the log; the payload is `data`',
  },
  {
    name: 'redis',
    title: 'Redis Streams',
    protocol: 'redis',
    setting: 'REDIS_URL',
    host: hostOf(SETTINGS.REDIS_URL.otherwise),
    place: (topic) => `streams \`${PREFIX}:${topic}:0\` to \`${PREFIX}:${topic}:${PARTITIONS - 1}\``,
    prefix: '',
    attributes: 'fields of the entry, by their own names; the payload is the field `data`',
  },
  {
    name: 'rabbitmq',
    title: 'RabbitMQ',
    protocol: 'amqp',
    protocolVersion: '0.9.1',
    setting: 'RABBITMQ_URL',
    host: hostOf(SETTINGS.RABBITMQ_URL.otherwise),
    place: (topic) => `exchange \`${PREFIX}\`, routing keys \`${topic}.<part>.<type>\``,
    prefix: AMQP_PREFIX,
    attributes: `message headers \`${AMQP_PREFIX}<name>\`; the payload is the body`,
  },
  {
    name: 'kafka',
    title: 'Apache Kafka',
    protocol: 'kafka',
    setting: 'KAFKA_BROKERS',
    host: SETTINGS.KAFKA_BROKERS.otherwise,
    place: (topic) => `topic \`${topic}\`${topic === SETTINGS.KAFKA_TOPIC.otherwise ? ' (or KAFKA_TOPIC)' : ''}`,
    prefix: KAFKA_PREFIX,
    attributes: `record headers \`${KAFKA_PREFIX}<name>\`; the key is the subject, the payload the value`,
  },
];

/** The schema of the headers of any event on a bus that has headers. */
export function headersOn({ title, prefix = '' }: BusDescription): object {
  const named = ATTRIBUTES.map(({ name, about, schema }) => [prefix + name, { ...schema, description: about }]);
  return {
    type: 'object',
    title: `CloudEvents 1.0 in binary mode on ${title}`,
    required: ATTRIBUTES.flatMap(({ name, optional }) => (optional ? [] : [prefix + name])),
    properties: Object.fromEntries(named),
  };
}
