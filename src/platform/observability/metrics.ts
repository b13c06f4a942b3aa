import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { inTime } from './health.ts';

/** The metrics of this process, in the names of Prometheus' conventions; served at `/metrics`. */
export const registry = new Registry();

const requests = new Histogram({
  name: 'http_server_request_duration_seconds',
  help: 'Time to answer a request, by operation and status',
  labelNames: ['operation', 'status'],
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  registers: [registry],
});

const batches = new Histogram({
  name: 'tradepost_coalesced_batch_size',
  help: 'Calls that went to the database as one statement',
  labelNames: ['statement'],
  buckets: [1, 2, 4, 8, 16, 32, 64, 128],
  registers: [registry],
});

const failures = new Counter({
  name: 'tradepost_unexpected_errors_total',
  help: 'Errors that became a 500',
  registers: [registry],
});

const published = new Counter({
  name: 'tradepost_events_published_total',
  help: 'Events that the relay brought from an outbox to the bus',
  registers: [registry],
});

const handled = new Histogram({
  name: 'tradepost_event_delay_seconds',
  help: 'From the action that announced an event to the commit of its effect, by consumer',
  labelNames: ['consumer'],
  buckets: [0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 5, 30, 300],
  registers: [registry],
});

const lostLines = new Counter({
  name: 'tradepost_log_lines_lost_total',
  help: 'Log lines that could not be written and were dropped',
  registers: [registry],
});

/** Counts a log line that could not be written. */
export function countLostLine(): void {
  lostLines.inc();
}

const deadLetters = new Counter({
  name: 'tradepost_dead_letters_total',
  help: 'Events that a consumer gave up, by consumer',
  labelNames: ['consumer'],
  registers: [registry],
});

const deadLetterFailures = new Counter({
  name: 'tradepost_dead_letter_failures_total',
  help: 'Attempts to put an event aside that the store refused, by consumer',
  labelNames: ['consumer'],
  registers: [registry],
});

const lost = new Counter({
  name: 'tradepost_events_lost_total',
  help: 'Events that the bus had for a service and lost before they were read; an unknown number counts as one',
  labelNames: ['service', 'topic'],
  registers: [registry],
});

const differences = new Gauge({
  name: 'tradepost_figure_differences',
  help: 'What the figures and their owners say differently, as last compared, by what was compared',
  labelNames: ['of'],
  registers: [registry],
});

/** Reports how many differences were found at the last comparison of the figures with an owner. */
export function reportDifferences(of: string, count: number): void {
  differences.set({ of }, count);
}

const rejected = new Counter({
  name: 'tradepost_events_put_aside_total',
  help: 'Events that the bus refused for good, by the service that announced them',
  labelNames: ['service'],
  registers: [registry],
});

/** The backlog of one service's outbox. */
export interface OutboxFigures {
  readonly labels: { readonly service: string; readonly bus: string; readonly topic: string };
  readonly events: number;
  /** The age of the oldest event; 0 when the outbox is empty. */
  readonly oldestSeconds: number;
}

/** The timeout for reading the outboxes at a scrape. */
const OUTBOX_MS = 2_000;

let readOutboxes: () => Promise<readonly OutboxFigures[]> = async () => [];

const outboxGauge = (name: string, help: string, figureOf: (figures: OutboxFigures) => number) =>
  new Gauge({
    name,
    help,
    labelNames: ['service', 'bus', 'topic'],
    registers: [registry],
    async collect() {
      // When a database does not answer, the gauge keeps its values; the health check of the database reports the fault.
      for (const one of await inTime(readOutboxes(), OUTBOX_MS).catch(() => [])) this.set(one.labels, figureOf(one));
    },
  });

outboxGauge('tradepost_outbox_events', 'Events that wait to be published, by service', ({ events }) => events);
outboxGauge(
  'tradepost_outbox_oldest_seconds',
  'For how long the oldest event has waited to be published, by service',
  ({ oldestSeconds }) => oldestSeconds,
);

/** Exposes the backlog of this process's outboxes; `read` is called at every scrape. */
export function exposeOutboxes(read: () => Promise<readonly OutboxFigures[]>): void {
  readOutboxes = read;
}

// prom-client hashes the labels at every observation; the children are few, so they are cached.
const requestTimers = new Map<string, (seconds: number) => void>();

/** Records one answered request. */
export function observeRequest(operation: string, status: number, seconds: number): void {
  const key = `${operation} ${status}`;
  let observe = requestTimers.get(key);
  if (!observe) {
    const child = requests.labels({ operation, status: String(status) });
    observe = child.observe.bind(child);
    requestTimers.set(key, observe);
  }
  observe(seconds);
}

/** A recorder of batch sizes for one statement. */
export function batchSizes(statement: string): (size: number) => void {
  const child = batches.labels({ statement });
  return child.observe.bind(child);
}

/** Counts events that were published to the bus. */
export function countPublished(events: number): void {
  published.inc(events);
}

/** A recorder of the delay from an event to its effect, for one consumer. */
export function eventDelays(consumer: string): (seconds: number) => void {
  const child = handled.labels({ consumer });
  return child.observe.bind(child);
}

/** Counts an event that went to the dead letters. */
export function countDeadLetter(consumer: string): void {
  deadLetters.inc({ consumer });
}

/** Exposes the counters of a consumer at zero, so that its first dead letter is visible as an increase. */
export function initialiseDeadLetterCounters(consumer: string): void {
  for (const counter of [deadLetters, deadLetterFailures]) counter.inc({ consumer }, 0);
}

/** Counts a failed attempt to store a dead letter. */
export function countDeadLetterFailure(consumer: string): void {
  deadLetterFailures.inc({ consumer });
}

/** Counts events that the bus lost before a service read them. */
export function countLoss(service: string, topic: string, count = 1): void {
  lost.inc({ service, topic }, count);
}

/** Counts an event that the bus refused for good. */
export function countRejectedEvents(service: string, events = 1): void {
  rejected.inc({ service }, events);
}

/** Counts an unexpected error. */
export function countFailure(): void {
  failures.inc();
}

let collecting = false;

/** Starts the process metrics (CPU, memory, event-loop lag), once. */
export function collectProcessMetrics(): void {
  if (collecting) return;
  collecting = true;
  collectDefaultMetrics({ register: registry });
}
