import { findErrorBy } from '@platformatic/kafka';
import type { Meaning } from '../publishing/refusal.ts';
import { NoLeader } from './topics.ts';

type Fault = Meaning['fault'];

/** What Kafka's refusals mean, by their names in its protocol; anything else: it takes nothing now. */
const REFUSALS: Readonly<Record<string, readonly [Fault, string]>> = {
  // Of a part: it may be the part that is too large, and each of its events small enough.
  MESSAGE_TOO_LARGE: ['event', 'Kafka refuses an event as too large'],
  RECORD_LIST_TOO_LARGE: ['event', 'Kafka refuses an event as too large'],
  INVALID_RECORD: ['event', 'Kafka refuses an event as invalid'],
  CORRUPT_MESSAGE: ['event', 'Kafka refuses an event as invalid'],
  // What a person has set, and can set right: the events wait for it.
  INVALID_TIMESTAMP: [
    'topic',
    'a topic does not take the time of our clock in Kafka; let both follow the same time server (NTP)',
  ],
  INVALID_TOPIC_EXCEPTION: ['topic', 'Kafka takes no topic of this name; check KAFKA_TOPIC and KAFKA_TOPIC_PREFIX'],
  UNKNOWN_TOPIC_OR_PARTITION: ['topic', 'a topic is not there in Kafka; make it, or let the account make it'],
  TOPIC_AUTHORIZATION_FAILED: ['topic', 'the account may not write to a topic in Kafka; give it that right'],
  POLICY_VIOLATION: ['topic', 'a policy of Kafka refuses what is published'],
  NOT_ENOUGH_REPLICAS: ['topic', 'a topic has too few replicas in sync in Kafka'],
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: ['topic', 'a topic has too few replicas in sync in Kafka'],
  LEADER_NOT_AVAILABLE: ['topic', 'a topic has no leader in Kafka'],
  NOT_LEADER_OR_FOLLOWER: ['topic', 'a topic has no leader in Kafka'],
  KAFKA_STORAGE_ERROR: ['topic', 'Kafka cannot write to its disk'],
  CLUSTER_AUTHORIZATION_FAILED: ['bus', 'the account may not write to Kafka; give it that right'],
  SASL_AUTHENTICATION_FAILED: ['bus', 'Kafka does not let the account in'],
};

/** What an error of the producer means. */
export function classifyKafkaError(error: unknown): Meaning {
  if (error instanceof NoLeader) return { fault: 'topic', sentence: 'a topic has no leader in Kafka' };
  for (const [name, [fault, sentence]] of Object.entries(REFUSALS)) {
    if (findErrorBy(error as Error, 'apiId', name)) return { fault, sentence };
  }
  return { fault: 'bus', sentence: 'Kafka takes no events now' };
}

/** A part of a topic as Kafka has it. */
export const kafkaLocation = (topic: string, partition: number): string => `${topic}:${partition}`;

interface Answered {
  readonly produced?: { readonly offsets?: readonly { readonly topic: string; readonly partition: number }[] };
  readonly errors?: readonly unknown[];
  readonly response?: {
    readonly responses?: readonly {
      readonly name: string;
      readonly partitionResponses: readonly { readonly index: number; readonly errorCode: number }[];
    }[];
  };
}

/** The parts of topics that took what was sent to them, although the whole failed. */
export function placesThatTook(error: unknown): ReadonlySet<string> {
  const places = new Set<string>();
  collect(error, places, 0);
  return places;
}

function collect(error: unknown, places: Set<string>, depth: number): void {
  if (typeof error !== 'object' || error === null || depth > 6) return;
  const { produced, response, errors } = error as Answered;
  for (const { topic, partition } of produced?.offsets ?? []) places.add(kafkaLocation(topic, partition));
  for (const { name, partitionResponses } of response?.responses ?? []) {
    for (const { index, errorCode } of partitionResponses) if (errorCode === 0) places.add(kafkaLocation(name, index));
  }
  for (const one of errors ?? []) collect(one, places, depth + 1);
}
