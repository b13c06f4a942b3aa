import { ATTRIBUTES } from '../../bus/catalog.ts';
import { type EventEntry, eventCatalogue } from '../event-catalogue.ts';
import type { ServiceDescription } from '../openapi/asyncapi.ts';
import { escaped, pageHtml } from './page.ts';

/** The page at `/docs/events`: every event with its payload, and the envelope that they travel in. */
export function eventPage(descriptions: readonly ServiceDescription[]): string {
  return pageHtml({
    path: '/docs/events',
    title: 'Events',
    introduction:
      'CloudEvents 1.0. An event is published when, and only when, its change is committed; it may come twice, with the same <code>id</code>. Events of one subject arrive in their order. A bus delivers them to your own programs, and <a href="/docs/#tag/webhook/POST/webhooks/endpoints">webhooks</a> to those of others; <a href="/asyncapi.json">AsyncAPI</a> describes the same for programs.',
    sections: [{ title: 'envelope', body: envelope() }, ...eventCatalogue(descriptions).map(section)],
  });
}

function envelope(): string {
  const rows = ATTRIBUTES.map(({ name, about, optional }) => row(name, optional ? 'may be absent' : '', about));
  return `<dl>${rows.join('')}</dl>`;
}

function section({ type, sentence, producer, topic, consumers, fields }: EventEntry) {
  const rows = fields.map((one) => row(one.name, one.optional ? 'may be absent' : '', one.type));
  const summary = `${sentence} From ${producer}, topic \`${topic}\`; ${consumers.length === 0 ? 'no consumer here' : `consumed by ${consumers.join(', ')}`}.`;
  return { title: type, body: `<p>${escaped(summary)}</p><dl>${rows.join('')}</dl>` };
}

function row(name: string, note: string, text: string): string {
  return `<div><dt>${escaped(name)}<span>${note}</span></dt><dd>${escaped(text)}</dd></div>`;
}
