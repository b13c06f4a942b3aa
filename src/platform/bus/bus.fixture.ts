import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Envelope } from '../events.ts';
import { createLog } from '../log.ts';
import type { Bus, Loss, Subscription } from './bus.ts';
import type { Address } from './fixtures/address.fixture.ts';
import * as embedded from './fixtures/embedded.fixture.ts';
import * as kafka from './fixtures/kafka.fixture.ts';
import * as rabbitmq from './fixtures/rabbitmq.fixture.ts';
import * as redis from './fixtures/redis.fixture.ts';

/** What differs between the buses as far as tests see it. */
export interface Driver {
  openBus(address: Address, log: ReturnType<typeof createLog>): Promise<Bus>;
  litter?(address: Address, text: string): Promise<void>;
  prepare?(address: Address): Promise<Address>;
  clean(address: Address): Promise<void>;
}

export const quiet = createLog({ LOG_LEVEL: 'fatal', NODE_ENV: 'test' });

const DRIVERS: Readonly<Record<string, Driver>> = { embedded, redis, rabbitmq, kafka };

/** Opens a bus by its address, as a child process does. */
export function openAt(address: Address): Promise<Bus> {
  return driverOf(address.kind).openBus(address, quiet);
}

/** What knows how to open a bus of this kind. */
export function driverOf(kind: string): Driver {
  const driver = DRIVERS[kind];
  if (!driver) throw new Error(`there is no bus ${kind}`);
  return driver;
}

/** The nth event of a subject. */
export function event(subject: string, n: number, changed: Partial<Envelope> = {}): Envelope {
  return {
    id: randomUUID(),
    source: 'order',
    type: 'order.created',
    subject,
    time: new Date().toISOString(),
    trace: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    correlation: 'a request',
    actor: 'system',
    data: JSON.stringify({ n }),
    ...changed,
  };
}

/** The first to the last event of some subjects, subject after subject within each round. */
export function events(subjects: readonly string[], from: number, to: number): Envelope[] {
  return Array.from({ length: to - from + 1 }, (_, n) => subjects.map((subject) => event(subject, from + n))).flat();
}

/** So many names of subjects. */
export const subjects = (count: number): string[] => Array.from({ length: count }, (_, n) => `s${n}`);

/** Listens, and remembers. */
export function listener(group: string, handle: (event: Envelope) => Promise<void> = async () => undefined) {
  const got: Envelope[] = [];
  const litter: string[] = [];
  const losses: Loss[] = [];
  const subscription: Subscription = {
    group,
    wanted: [{ source: 'order', topic: 'orders', types: new Set(['order.created']) }],
    async handle(one) {
      await handle(one);
      got.push(one);
    },
    async unreadable(raw) {
      litter.push(raw.toString());
    },
    lost(loss) {
      losses.push(loss);
    },
  };
  return { subscription, got, litter, losses };
}

/** Which event of its subject it is. */
export const numberOf = ({ data }: Envelope): number => (JSON.parse(data) as { n: number }).n;

/** The numbers of a subject in the order in which each first came. */
export function firstSeen(got: readonly Envelope[], subject: string): number[] {
  return [...new Set(got.filter((one) => one.subject === subject).map(numberOf))];
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);

/** Asserts that the first to the last event of each subject came, in that order apart from repetitions. */
export function assertAllInOrder(got: readonly Envelope[], names: readonly string[], count: number): void {
  for (const name of names) assert.deepEqual(firstSeen(got, name), upTo(count), `the events of ${name}`);
}
