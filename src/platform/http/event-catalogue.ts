import { type JsonSchema, typeText } from '../contract/schema/type-text.ts';
import { type ServiceDescription, subscriptionsOf } from './openapi/asyncapi.ts';

/** One event that a service publishes, as the documents list it. */
export interface EventEntry {
  readonly type: string;
  readonly sentence: string;
  readonly producer: string;
  readonly topic: string;
  /** The consumers that handle it: `delivery.create_shipment`. */
  readonly consumers: readonly string[];
  readonly fields: readonly EventField[];
}

export interface EventField {
  readonly name: string;
  readonly type: string;
  readonly optional: boolean;
}

/** Every event with its payload and its consumers, by producer. */
export function eventCatalogue(descriptions: readonly ServiceDescription[]): EventEntry[] {
  const subscriptions = descriptions.flatMap((description) => subscriptionsOf(description, descriptions));
  const byType = Map.groupBy(subscriptions, ({ event }) => event.event.type);
  return descriptions.flatMap(({ contract: { name, topic, events } }) =>
    Object.values(events).map(({ type, summary, data }) => ({
      type,
      sentence: `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
      producer: name,
      topic,
      consumers: (byType.get(type) ?? []).map(({ consumer }) => consumer),
      fields: fieldsOf(data as JsonSchema),
    })),
  );
}

function fieldsOf({ properties = {}, required = [] }: JsonSchema): EventField[] {
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    type: typeText(schema),
    optional: !required.includes(name),
  }));
}
