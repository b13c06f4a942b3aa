import { pairs, textTable } from '../output/table.ts';

/** A dead letter as the API returns it, with its service. */
export interface ListedDeadLetter {
  readonly service: string;
  readonly id: number;
  readonly consumer: string;
  readonly event: {
    readonly id: string;
    readonly source: string;
    readonly type: string;
    readonly subject: string;
    readonly time: string;
    readonly correlation: string;
    readonly causation?: string;
    readonly actor: string;
    readonly about?: string;
    readonly data: string;
  };
  readonly error: string;
  readonly attempts: number;
  readonly failed_at: string;
}

const HEADS = ['service', 'id', 'failed at', 'attempts', 'consumer', 'event', 'subject', 'error'];

/** Dead letters, one a line, cut to the width of the terminal. */
export function deadLetterTable(letters: readonly ListedDeadLetter[], width?: number): string {
  const rows = letters.map(({ service, id, failed_at, attempts, consumer, event, error }) => [
    service,
    String(id),
    failed_at,
    String(attempts),
    consumer,
    event.type || '(no event)',
    event.subject && `${event.source}/${event.subject}`,
    error,
  ]);
  return textTable(HEADS, rows, { width });
}

/** One dead letter with all its fields. */
export function details({ service, id, consumer, event, error, attempts, failed_at }: ListedDeadLetter): string {
  return pairs([
    ['letter', `${service} ${id}`],
    ['consumer', consumer],
    ['failed', `${failed_at}, after ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`],
    ['error', error],
    ['event', event.type || '(no event)'],
    ['id', event.id],
    ['subject', event.subject && `${event.source}/${event.subject}`],
    ['about', event.about],
    ['time', event.time],
    ['actor', event.actor],
    ['correlation', event.correlation],
    ['causation', event.causation],
    ['payload', event.data],
  ]);
}
