import { type JsonSchema, typeText } from '../contract/schema/type-text.ts';
import { heardBy, type ServiceDescription } from './openapi/asyncapi.ts';

/** One event that a service announces, as the pages tell of it. */
export interface EventEntry {
  readonly type: string;
  readonly sentence: string;
  readonly producer: string;
  readonly topic: string;
  /** The consumers that listen to it: `delivery.create_shipment`. */
  readonly listeners: readonly string[];
  readonly fields: readonly EventField[];
}

export interface EventField {
  readonly name: string;
  readonly type: string;
  readonly optional: boolean;
}

/** Every event with its payload, by producer, and who listens to it. */
export function eventCatalogue(descriptions: readonly ServiceDescription[]): EventEntry[] {
  const heard = descriptions.flatMap((description) => heardBy(description, descriptions));
  const listeners = Map.groupBy(heard, ({ event }) => event.event.type);
  return descriptions.flatMap(({ contract: { name, topic, events } }) =>
    Object.values(events).map(({ type, summary, data }) => ({
      type,
      sentence: `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
      producer: name,
      topic,
      listeners: (listeners.get(type) ?? []).map(({ consumer }) => consumer),
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
