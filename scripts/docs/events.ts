import { ATTRIBUTES, BUSES } from '../../src/platform/bus/catalog.ts';
import { type Heard, heardBy } from '../../src/platform/http/openapi/asyncapi.ts';
import type { Wired } from '../map.ts';
import { code, GENERATED, table } from './markdown.ts';
import { type JsonSchema, typeText } from './types.ts';

/** Every event with its payload, by producer, with who listens to it, and the envelope on every bus. */
export function eventsPage(wired: readonly Wired[]): string {
  const parties = wired.map(({ module }) => module);
  const heard = parties.flatMap((party) => heardBy(party, parties));
  const listeners = Map.groupBy(heard, ({ event }) => event.event.type);
  const sections = parties.flatMap(({ contract: { name, topic, events } }) =>
    Object.values(events).map(({ type, summary, data }) =>
      [
        `## ${type}`,
        '',
        `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
        '',
        `Producer: ${name}; topic: ${code(topic)}; listeners: ${listenersText(listeners.get(type) ?? [])}.`,
        '',
        table(['field', 'type'], fieldsOf(data as JsonSchema)),
        '',
      ].join('\n'),
    ),
  );
  return [GENERATED, '# Events', '', ...PROMISES, '', ENVELOPE, '', ...sections].join('\n');
}

const PROMISES = [
  'CloudEvents 1.0; `subject` is the id of what the event is about, and events of one subject arrive in their order.',
  'An event is published when, and only when, its change is committed; it may come twice.',
  '[The guide](../events.md) tells how an event travels; [asyncapi.json](asyncapi.json) tells a program.',
];

const ENVELOPE = [
  '## The envelope',
  '',
  'Three attributes tell how events hang together. `correlationid` is the same in everything that one request began.',
  '`causationid` is the event whose handling announced this one, so that a chain of events can be walked back to the',
  'request, whose `actor` is that of its first event: what a consumer does, it does as `system`. `about` says what else',
  'an event concerns: the timeline of an order is made of the events about it, whoever announces them.',
  '',
  table(
    ['attribute', 'what it is', 'column of the embedded log'],
    ATTRIBUTES.map(({ name, about, optional, column }) => [
      `${code(name)}${optional ? ' (may be absent)' : ''}`,
      about,
      column ?? '',
    ]),
  ),
  '',
  table(
    ['EVENT_BUS', 'where the events of `orders` are', 'the attributes'],
    BUSES.map(({ name, place, attributes }) => [code(name), place('orders'), attributes]),
  ),
  '',
].join('\n');

function listenersText(heard: readonly Heard[]): string {
  return heard.map(({ consumer }) => code(consumer)).join(', ') || 'none';
}

function fieldsOf({ properties = {}, required = [] }: JsonSchema): string[][] {
  return Object.entries(properties).map(([name, schema]) => [
    `${code(name)}${required.includes(name) ? '' : ' (may be absent)'}`,
    typeText(schema),
  ]);
}
