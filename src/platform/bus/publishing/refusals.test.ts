import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MultipleErrors, NetworkError, ProtocolError } from '@platformatic/kafka';
import { MultiErrorReply, SimpleError } from '@redis/client';
import { event } from '../fixtures/bus.fixture.ts';
import { classifyKafkaError } from '../kafka/refusals.ts';
import { alarmText, classifyAmqpError } from '../rabbitmq/refusals.ts';
import { classifyRedisError, leftOf, redisErrorText, redisRefusalOf } from '../redis/refusals.ts';

// What each broker says, in its own words, and what that means: one event is at fault, a topic, or nothing goes now.

test('every refusal of Redis holds back everything, and names what to do', () => {
  const said: [string, RegExp][] = [
    ["OOM command not allowed when used memory > 'maxmemory'.", /memory is full; raise maxmemory/],
    ["READONLY You can't write against a read only replica.", /is a replica; set REDIS_URL to the primary/],
    [
      'MISCONF Redis is configured to save RDB snapshots, but it is currently unable to persist to disk.',
      /cannot write to its disk/,
    ],
    ['NOREPLICAS Not enough good replicas to write.', /too few replicas/],
    ['MOVED 3999 127.0.0.1:6381', /is a cluster; set REDIS_URL to a single server/],
    ['ASK 3999 127.0.0.1:6381', /is a cluster/],
    ["CROSSSLOT Keys in request don't hash to the same slot", /is a cluster/],
    ['CLUSTERDOWN Hash slot not served', /is a cluster/],
    ["NOPERM User shop has no permissions to run the 'xadd' command", /does not let the account write/],
    ['NOAUTH Authentication required.', /does not let the account write/],
    ['WRONGPASS invalid username-password pair or user is disabled.', /does not let the account write/],
    ['LOADING Redis is loading the dataset in memory', /is loading its data/],
    ['EXECABORT Transaction discarded because of: OOM command not allowed', /memory is full/],
    ['Socket closed unexpectedly', /takes no events now/],
  ];
  for (const [words, sentence] of said) {
    const { fault, sentence: told } = classifyRedisError(new SimpleError(words));
    assert.equal(fault, 'bus', words);
    assert.match(told, sentence, words);
  }
  assert.equal(redisRefusalOf(new Error('connect ECONNREFUSED 127.0.0.1:6379')), undefined);
});

test('of a transaction of Redis whose commands failed in part, those are left, and their topic waits', () => {
  const wrong = new SimpleError('WRONGTYPE Operation against a key holding the wrong kind of value');
  const error = new MultiErrorReply(['1-0', wrong] as never, [1]);
  const sent = [event('a', 1), event('b', 1)];
  assert.deepEqual(leftOf(sent, error), [sent[1]]);
  const { fault, sentence } = classifyRedisError(redisErrorText(error));
  assert.deepEqual([fault, sentence], ['topic', 'a stream of the bus is something else in Redis']);
  assert.deepEqual(leftOf(sent, new Error('gone')), sent);
});

test('a refusal of RabbitMQ is of an event, or of all while an alarm is on or a right is missing', () => {
  const coded = (code: string) => Object.assign(new Error(code), { code });
  const alarm = alarmText('low on memory');
  const said: [string, string | undefined, string, RegExp][] = [
    ['NACK', undefined, 'event', /a queue of RabbitMQ takes no events now/],
    ['PRECONDITION_FAILED', undefined, 'event', /too large/],
    ['ACCESS_REFUSED', undefined, 'bus', /does not let the account publish/],
    ['CONN_CLOSE', undefined, 'bus', /takes no events now/],
    ['CH_CLOSE', alarm, 'bus', /an alarm is on \(low on memory\); make room/],
  ];
  for (const [code, on, fault, sentence] of said) {
    const meaning = classifyAmqpError(coded(code), on);
    assert.equal(meaning.fault, fault, code);
    assert.match(meaning.sentence, sentence, code);
  }
  assert.match(alarmText(undefined), /memory or disk/);
});

test('a refusal of Kafka is of an event, of a topic, or of all, however deep the client hides it', () => {
  const said: [string, string, RegExp][] = [
    ['MESSAGE_TOO_LARGE', 'event', /too large/],
    ['RECORD_LIST_TOO_LARGE', 'event', /too large/],
    ['INVALID_RECORD', 'event', /invalid/],
    ['CORRUPT_MESSAGE', 'event', /invalid/],
    // It is ours and not the event's; sent again, an event has the time of then.
    ['INVALID_TIMESTAMP', 'topic', /time of our clock in Kafka; .*\(NTP\)/],
    ['TOPIC_AUTHORIZATION_FAILED', 'topic', /may not write to a topic in Kafka; give it that right/],
    ['NOT_ENOUGH_REPLICAS', 'topic', /too few replicas in sync/],
    ['NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'topic', /too few replicas in sync/],
    ['INVALID_TOPIC_EXCEPTION', 'topic', /KAFKA_TOPIC/],
    ['UNKNOWN_TOPIC_OR_PARTITION', 'topic', /not there/],
    ['POLICY_VIOLATION', 'topic', /policy/],
    ['LEADER_NOT_AVAILABLE', 'topic', /no leader/],
    ['NOT_LEADER_OR_FOLLOWER', 'topic', /no leader/],
    ['KAFKA_STORAGE_ERROR', 'topic', /cannot write to its disk/],
    ['CLUSTER_AUTHORIZATION_FAILED', 'bus', /may not write to Kafka/],
    ['SASL_AUTHENTICATION_FAILED', 'bus', /does not let the account in/],
    // What passes: a coordinator that moves, a producer whose numbers are forgotten.
    ['COORDINATOR_NOT_AVAILABLE', 'bus', /takes no events now/],
    ['OUT_OF_ORDER_SEQUENCE_NUMBER', 'bus', /takes no events now/],
  ];
  for (const [name, fault, sentence] of said) {
    const error = new ProtocolError(name as never);
    for (const thrown of [error, new MultipleErrors('all failed', [new MultipleErrors('one failed', [error])])]) {
      const meaning = classifyKafkaError(thrown);
      assert.equal(meaning.fault, fault, name);
      assert.match(meaning.sentence, sentence, name);
    }
  }
  for (const error of [new NetworkError('Connection closed'), new Error('late'), undefined]) {
    assert.deepEqual(classifyKafkaError(error), { fault: 'bus', sentence: 'Kafka takes no events now' });
  }
});
