/** A dead letter as the API tells it, with the service that it lies at. */
export interface Letter {
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

/** Dead letters, one a line, each as long as the terminal is wide. */
export function table(letters: readonly Letter[], width = Number.POSITIVE_INFINITY): string {
  const rows = letters.map(({ service, id, failed_at, attempts, consumer, event, error }) =>
    [
      service,
      String(id),
      failed_at,
      String(attempts),
      consumer,
      event.type || '(no event)',
      event.subject && `${event.source}/${event.subject}`,
      error,
    ].map(plain),
  );
  const widths = HEADS.map((head, n) => Math.max(head.length, ...rows.map((row) => row[n]?.length ?? 0)));
  const line = (cells: readonly string[]): string => {
    const whole = cells
      .map((cell, n) => cell.padEnd(widths[n] ?? 0))
      .join('  ')
      .trimEnd();
    return whole.length > width ? `${whole.slice(0, width - 1)}…` : whole;
  };
  return [HEADS, ...rows].map(line).join('\n');
}

/** One dead letter, whole. */
export function details({ service, id, consumer, event, error, attempts, failed_at }: Letter): string {
  const lines: [string, string | undefined][] = [
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
  ];
  return lines.flatMap(([name, value]) => (value ? [`${name.padEnd(13)}${plain(value)}`] : [])).join('\n');
}

/** Text from outside, without what a terminal would take for an order. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, ' ');
}
