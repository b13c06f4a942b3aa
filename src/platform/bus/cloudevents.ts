import type { Envelope } from '../events.ts';

/**
 * CloudEvents 1.0 in binary mode: every attribute a header, the value nothing but the payload. `prefix` is what the
 * protocol binding puts before a name: `ce_` on Kafka, `cloudEvents:` on AMQP.
 */
export function toHeaders(event: Envelope, prefix: string): Record<string, string> {
  const attributes: Record<string, string | undefined> = {
    specversion: '1.0',
    id: event.id,
    source: `/${event.source}`,
    type: event.type,
    subject: event.subject,
    time: event.time,
    partitionkey: event.subject,
    traceparent: event.trace,
    correlationid: event.correlation,
    causationid: event.causation,
    actor: event.actor,
    about: event.about,
  };
  const named = Object.entries(attributes).flatMap(([name, value]) =>
    value === undefined ? [] : [[prefix + name, value] as const],
  );
  return Object.fromEntries(named);
}

/** The media type of every payload. */
export const CONTENT_TYPE = 'application/json';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The event that headers and payload make. Throws a sentence for what is none. */
export function fromHeaders(headers: Readonly<Record<string, unknown>>, data: string, prefix: string): Envelope {
  const text = (name: string): string | undefined => {
    const value = headers[prefix + name];
    return value === undefined || value === null ? undefined : String(value);
  };
  const must = (name: string): string => {
    const value = text(name);
    if (value === undefined) throw new Error(`the CloudEvents attribute ${name} is missing`);
    return value;
  };
  const id = must('id');
  if (!UUID.test(id)) throw new Error(`the id '${id}' is no UUID`);
  JSON.parse(data);
  return {
    id,
    source: must('source').replace(/^\//, ''),
    type: must('type'),
    subject: must('subject'),
    time: text('time') ?? new Date().toISOString(),
    trace: text('traceparent') ?? '',
    correlation: text('correlationid') ?? id,
    causation: text('causationid'),
    actor: text('actor') ?? 'system',
    about: text('about'),
    data,
  };
}
