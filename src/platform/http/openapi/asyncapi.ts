import { ATTRIBUTES, BUSES, type BusDescription, headersOn } from '../../bus/catalog.ts';
import { SETTINGS } from '../../config/settings.ts';
import type { Contract, EventType } from '../../contract/contract.ts';
import type { Consumer } from '../../contract/events.ts';

/** A service as the documents describe it: its contract, and the events that it consumes. */
export interface ServiceDescription {
  readonly contract: Contract;
  readonly consumers?: readonly Pick<Consumer, 'name' | 'event'>[];
}

export interface EventsDocument {
  /** Every service there is: an event belongs to the contract that describes it. */
  readonly descriptions: readonly ServiceDescription[];
  /** The services that the document is about. */
  readonly services: ReadonlySet<string>;
  readonly title: string;
  readonly version: string;
}

/** The AsyncAPI 3.0 document of some services: the events that they publish, and those that they consume. */
export function asyncapi({ descriptions, services, title, version }: EventsDocument): object {
  const own = descriptions.filter(({ contract }) => services.has(contract.name));
  const published = own.flatMap(({ contract }) => eventsOf(contract));
  const subscriptions = own.flatMap((description) => subscriptionsOf(description, descriptions));
  const all = new Map([...published, ...subscriptions.map(({ event }) => event)].map((one) => [one.event.type, one]));
  return {
    asyncapi: '3.0.0',
    info: { title, version, description: ABOUT },
    defaultContentType: 'application/json',
    servers: Object.fromEntries(BUSES.map((bus) => [bus.name, server(bus)])),
    channels: channelsOf([...all.values()]),
    operations: Object.fromEntries([...own.flatMap(sendOperations), ...subscriptions.map(receiveOperation)]),
    components: {
      messages: Object.fromEntries([...all.values()].map((one) => [one.event.type, message(one)])),
      messageTraits: { cloudEvent: CLOUD_EVENT },
      schemas: Object.fromEntries(withHeaders.map((bus) => [schemaName(bus), headersOn(bus)])),
    },
  };
}

const ABOUT = [
  'CloudEvents 1.0 in binary mode: every attribute is a header, the payload is nothing but the data.',
  'An event is published when, and only when, its change is committed; it may come twice, with the same id.',
  'Events of one subject arrive in their order, those of different subjects in any.',
  'Which server carries them is the choice of EVENT_BUS; what is said below of the others is then of no account.',
].join(' ');

/** A described event with the contract that it belongs to. */
interface DescribedEvent {
  readonly contract: Contract;
  readonly event: EventType;
}

/** A consumer of a service, with the event that it handles. */
export interface EventSubscription {
  /** `order.follow_shipment`. */
  readonly consumer: string;
  readonly service: string;
  readonly event: DescribedEvent;
}

/** Every consumer of a service whose event some contract describes. */
export function subscriptionsOf(
  description: ServiceDescription,
  descriptions: readonly ServiceDescription[],
): EventSubscription[] {
  const service = description.contract.name;
  return (description.consumers ?? []).flatMap(({ name, event: { type } }) => {
    const event = descriptions.flatMap(({ contract }) => eventsOf(contract)).find((one) => one.event.type === type);
    return event ? [{ consumer: `${service}.${name}`, service, event }] : [];
  });
}

function eventsOf(contract: Contract): DescribedEvent[] {
  return Object.values(contract.events).map((event) => ({ contract, event }));
}

function server({
  title,
  protocol,
  protocolVersion,
  setting,
  host,
  pathname,
  name,
  attributes,
}: BusDescription): object {
  return {
    host: '{host}',
    pathname,
    protocol,
    protocolVersion,
    title,
    description: `EVENT_BUS=${name}, at ${setting}. The attributes of an event are ${attributes}.`,
    variables: { host: { default: host, description: `what ${setting} says` } },
  };
}

function channelsOf(events: readonly DescribedEvent[]): object {
  const byTopic = Map.groupBy(events, ({ contract }) => contract.topic);
  return Object.fromEntries([...byTopic].map(([topic, some]) => [topic, channel(topic, some)]));
}

function channel(topic: string, events: readonly DescribedEvent[]): object {
  const owners = [...new Set(events.map(({ contract }) => contract.name))].join(', ');
  return {
    address: topic,
    title: topic,
    summary: `What ${owners} announces.`,
    description: BUSES.map(({ title, place }) => `- ${title}: ${place(topic)}`).join('\n'),
    servers: BUSES.map(({ name }) => ref('servers', name)),
    messages: Object.fromEntries(events.map(({ event }) => [event.type, ref('components/messages', event.type)])),
    bindings: {
      kafka: { topic, bindingVersion: '0.5.0' },
      amqp: {
        is: 'routingKey',
        exchange: { name: PREFIX, type: 'topic', durable: true, autoDelete: false },
        bindingVersion: '0.3.0',
      },
    },
  };
}

function sendOperations({ contract }: ServiceDescription): [string, object][] {
  const events = eventsOf(contract);
  if (events.length === 0) return [];
  const operation = {
    action: 'send',
    channel: ref('channels', contract.topic),
    title: `${contract.name} announces`,
    summary: contract.summary,
    tags: [{ name: contract.name }],
    messages: events.map(({ event }) => messageIn(contract.topic, event.type)),
    bindings: { amqp: { deliveryMode: 2, bindingVersion: '0.3.0' } },
  };
  return [[`${contract.name}.announce`, operation]];
}

function receiveOperation({ consumer, service, event: { contract, event } }: EventSubscription): [string, object] {
  const operation = {
    action: 'receive',
    channel: ref('channels', contract.topic),
    title: consumer,
    summary: `${service} listens to ${event.type}: ${event.summary}.`,
    tags: [{ name: service }],
    messages: [messageIn(contract.topic, event.type)],
    bindings: {
      kafka: { groupId: { type: 'string', default: `${PREFIX}-${service}` }, bindingVersion: '0.5.0' },
      amqp: { ack: true, bindingVersion: '0.3.0' },
    },
  };
  return [consumer, operation];
}

function message({ contract, event: { type, summary, data } }: DescribedEvent): object {
  const fixed = withHeaders.flatMap(({ prefix = '' }) => [
    [`${prefix}type`, { const: type }],
    [`${prefix}source`, { const: `/${contract.name}` }],
  ]);
  return {
    name: type,
    title: type,
    summary: `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
    contentType: 'application/json',
    headers: { type: 'object', properties: Object.fromEntries(fixed) },
    payload: data,
    traits: [ref('components/messageTraits', 'cloudEvent')],
  };
}

const PREFIX = SETTINGS.KAFKA_GROUP_ID.otherwise;

const withHeaders = BUSES.filter(({ prefix }) => prefix !== undefined);
const schemaName = ({ name }: BusDescription): string => `cloudEvent.${name}`;

const ref = (place: string, name: string) => ({ $ref: `#/${place}/${name}` });
const messageIn = (topic: string, type: string) => ref(`channels/${topic}/messages`, type);

const CLOUD_EVENT = {
  headers: { type: 'object', anyOf: withHeaders.map((bus) => ref('components/schemas', schemaName(bus))) },
  description: ATTRIBUTES.map(({ name, about }) => `- \`${name}\`: ${about}`).join('\n'),
  bindings: {
    kafka: { key: { type: 'string', description: 'the subject' }, bindingVersion: '0.5.0' },
    amqp: { contentEncoding: 'utf-8', bindingVersion: '0.3.0' },
  },
};
