import { ATTRIBUTES, BUSES } from '../../src/platform/bus/catalog.ts';
import { eventCatalogue } from '../../src/platform/http/event-catalogue.ts';
import type { Wired } from '../map.ts';
import { code, GENERATED, table } from './markdown.ts';

/** Every event with its payload, by producer, with its consumers, and the envelope on every bus. */
export function eventsPage(wired: readonly Wired[]): string {
  const parties = wired.map(({ module }) => module);
  const sections = eventCatalogue(parties).map(({ type, sentence, producer, topic, consumers, fields }) =>
    [
      `## ${type}`,
      '',
      sentence,
      '',
      `Producer: ${producer}; topic: ${code(topic)}; consumers: ${consumers.map(code).join(', ') || 'none'}.`,
      '',
      table(
        ['field', 'type'],
        fields.map(({ name, type: text, optional }) => [`${code(name)}${optional ? ' (may be absent)' : ''}`, text]),
      ),
      '',
    ].join('\n'),
  );
  return [GENERATED, '# Events', '', ...PROMISES, '', ENVELOPE, '', ...sections].join('\n');
}

const PROMISES = [
  'CloudEvents 1.0; `subject` is the id of what the event is about, and events of one subject arrive in their order.',
  'An event is published when, and only when, its change is committed; it may come twice.',
  '[The guide](../events.md) explains how an event travels; [asyncapi.json](asyncapi.json) is the same for programs.',
];

const ENVELOPE = [
  '## The envelope',
  '',
  'Three attributes link events. `correlationid` is the same in every event that one request caused. `causationid` is',
  'the event whose handling published this one, so that a chain of events can be followed back to the request, whose',
  '`actor` is that of its first event: consumers act as `system`. `about` names what else an event concerns: the timeline',
  'of an order consists of the events about it, whichever service publishes them.',
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
