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

const buried = new Counter({
  name: 'tradepost_dead_letters_total',
  help: 'Events that a consumer gave up, by consumer',
  labelNames: ['consumer'],
  registers: [registry],
});

const refusedLetters = new Counter({
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

const aside = new Counter({
  name: 'tradepost_events_put_aside_total',
  help: 'Events that the bus refused for good, by the service that announced them',
  labelNames: ['service'],
  registers: [registry],
});

/** What waits in the outbox of one service. */
export interface OutboxFigures {
  readonly labels: { readonly service: string; readonly bus: string; readonly topic: string };
  readonly events: number;
  /** For how long the oldest of them has waited; 0 when nothing waits. */
  readonly oldestSeconds: number;
}

/** Nobody who asks for the metrics waits longer than this for a database. */
const OUTBOX_MS = 2_000;

let readOutboxes: () => Promise<readonly OutboxFigures[]> = async () => [];

const outboxGauge = (name: string, help: string, figureOf: (figures: OutboxFigures) => number) =>
  new Gauge({
    name,
    help,
    labelNames: ['service', 'bus', 'topic'],
    registers: [registry],
    async collect() {
      // A database that is away leaves the figures as they were: its own check tells of it.
      for (const one of await inTime(readOutboxes(), OUTBOX_MS).catch(() => [])) this.set(one.labels, figureOf(one));
    },
  });

outboxGauge('tradepost_outbox_events', 'Events that wait to be published, by service', ({ events }) => events);
outboxGauge(
  'tradepost_outbox_oldest_seconds',
  'For how long the oldest event has waited to be published, by service',
  ({ oldestSeconds }) => oldestSeconds,
);

/** Shows what waits in the outboxes of this process: `read` is asked whenever the metrics are. */
export function watchOutboxes(read: () => Promise<readonly OutboxFigures[]>): void {
  readOutboxes = read;
}

// prom-client hashes the labels at every observation; the children are few, so they are kept.
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

/** Counts events that are on the bus now. */
export function countPublished(events: number): void {
  published.inc(events);
}

/** A recorder of how long events took until their effect, for one consumer. */
export function eventDelays(consumer: string): (seconds: number) => void {
  const child = handled.labels({ consumer });
  return child.observe.bind(child);
}

/** Counts an event that went to the dead letters. */
export function countDeadLetter(consumer: string): void {
  buried.inc({ consumer });
}

/** Shows the counters of a consumer from zero on, so that a first dead letter is seen as a rise. */
export function beginAtZero(consumer: string): void {
  for (const counter of [buried, refusedLetters]) counter.inc({ consumer }, 0);
}

/** Counts an event that could not be put aside either. */
export function countRefusedLetter(consumer: string): void {
  refusedLetters.inc({ consumer });
}

/** Counts events that the bus has lost before a service read them. */
export function countLoss(service: string, topic: string, count = 1): void {
  lost.inc({ service, topic }, count);
}

/** Counts an event that the bus refused for good. */
export function countPutAside(service: string, events = 1): void {
  aside.inc({ service }, events);
}

/** Counts an error that nobody expected. */
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
