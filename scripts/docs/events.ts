import type { Contract } from '../../src/platform/contract.ts';
import { code, GENERATED, table } from './markdown.ts';
import { type JsonSchema, typeText } from './types.ts';

/** Every event with its payload, by producer. */
export function eventsPage(contracts: readonly Contract[]): string {
  const sections = contracts.flatMap(({ name, topic, events }) =>
    Object.values(events).map(({ type, summary, data }) =>
      [
        `## ${type}`,
        '',
        `${summary.charAt(0).toUpperCase()}${summary.slice(1)}. Producer: ${name}; topic: ${code(topic)}.`,
        '',
        table(['field', 'type'], fieldsOf(data as JsonSchema)),
        '',
      ].join('\n'),
    ),
  );
  return [
    GENERATED,
    '# Events',
    '',
    'CloudEvents 1.0; `subject` is the id of what the event is about, and events of one subject arrive in their order.',
    'An event is published when, and only when, its change is committed; it may come twice.',
    '',
    ...sections,
  ].join('\n');
}

function fieldsOf({ properties = {}, required = [] }: JsonSchema): string[][] {
  return Object.entries(properties).map(([name, schema]) => [
    `${code(name)}${required.includes(name) ? '' : ' (may be absent)'}`,
    typeText(schema),
  ]);
}
