import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseError } from '@clickhouse/client';
import { AppError } from '../../contract/errors.ts';
import { clickhouseFaultOf } from './faults.ts';
import { clickhouseWriteFault } from './look.ts';
import { clickhouseRefusalOf, isUnknown } from './refusals.ts';

/** An error as the client makes it of what a server answers. */
const of = (type: string, message = 'something went wrong', code = 1): Error => {
  const error = parseError(`Code: ${code}. DB::Exception: ${message}. (${type}) (version 25.8.2.1 (official build))`);
  assert.equal((error as { type?: string }).type, type);
  return error as Error;
};
const coded = (code: string, message = code): Error => Object.assign(new Error(message), { code });

/** Not now, and nobody's fault; `known`: nothing of it was written. */
const AWAY: readonly [type: string, sentence: RegExp, known: boolean, unwritable: boolean][] = [
  ['READONLY', /is read-only/, true, true],
  ['TABLE_IS_READ_ONLY', /is read-only/, true, true],
  ['TABLE_IS_PERMANENTLY_READ_ONLY', /is read-only/, true, true],
  ['KEEPER_EXCEPTION', /cannot reach its Keeper/, false, true],
  ['NO_ZOOKEEPER', /cannot reach its Keeper/, false, true],
  ['UNEXPECTED_ZOOKEEPER_ERROR', /cannot reach its Keeper/, false, true],
  ['AUTHENTICATION_FAILED', /refuses us/, true, true],
  ['REQUIRED_PASSWORD', /refuses us/, true, true],
  ['WRONG_PASSWORD', /refuses us/, true, true],
  ['UNKNOWN_USER', /refuses us/, true, true],
  ['IP_ADDRESS_NOT_ALLOWED', /refuses us/, true, true],
  ['ACCESS_DENIED', /refuses us/, true, true],
  ['NOT_ENOUGH_SPACE', /disk of ClickHouse is full/, true, true],
  ['MEMORY_LIMIT_EXCEEDED', /no memory left/, false, false],
  ['CANNOT_ALLOCATE_MEMORY', /no memory left/, false, false],
  ['TOO_MANY_PARTS', /too many parts/, true, true],
  ['TOO_MANY_MUTATIONS', /too many parts/, true, true],
  ['TOO_MANY_SIMULTANEOUS_QUERIES', /no connection or thread left/, true, false],
  ['TCP_CONNECTION_LIMIT_REACHED', /no connection or thread left/, true, false],
  ['SERVER_OVERLOADED', /no connection or thread left/, true, false],
  ['CANNOT_SCHEDULE_TASK', /no connection or thread left/, true, false],
  ['QUOTA_EXCEEDED', /quota/, true, true],
  ['TOO_FEW_LIVE_REPLICAS', /too few replicas/, true, true],
  ['UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE', /too few replicas/, true, true],
  ['UNKNOWN_STATUS_OF_INSERT', /does not know whether/, false, false],
  ['UNKNOWN_TABLE', /tables of Tradepost are not in/, true, true],
  ['UNKNOWN_DATABASE', /tables of Tradepost are not in/, true, true],
  ['CANNOT_WRITE_TO_FILE_DESCRIPTOR', /cannot read or write its files/, false, true],
  ['CANNOT_FSYNC', /cannot read or write its files/, false, true],
  ['ALL_CONNECTION_TRIES_FAILED', /does not answer/, false, false],
  ['NETWORK_ERROR', /connection to ClickHouse broke/, false, false],
  ['SOCKET_TIMEOUT', /took too long/, false, false],
  ['TIMEOUT_EXCEEDED', /took too long/, false, false],
  ['QUERY_WAS_CANCELLED', /ended the statement/, false, false],
  ['ABORTED', /ended the statement/, false, false],
];

/** What stays what it is: our statement, our rows, our schema. */
const OURS = [
  'SYNTAX_ERROR',
  'UNKNOWN_IDENTIFIER',
  'TYPE_MISMATCH',
  'ILLEGAL_TYPE_OF_ARGUMENT',
  'NO_SUCH_COLUMN_IN_TABLE',
  'UNKNOWN_SETTING',
  'BAD_ARGUMENTS',
  'LOGICAL_ERROR',
  'NOT_IMPLEMENTED',
  'VIOLATED_CONSTRAINT',
  'CANNOT_PARSE_INPUT_ASSERTION_FAILED',
  'CANNOT_PARSE_TEXT',
  'CANNOT_PARSE_UUID',
  'CANNOT_CONVERT_TYPE',
  'INCORRECT_DATA',
  'VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE',
  'FUNCTION_THROW_IF_VALUE_IS_NON_ZERO',
  'TABLE_ALREADY_EXISTS',
  'TOO_LARGE_STRING_SIZE',
  'QUERY_IS_TOO_LARGE',
];

describe('what ClickHouse refuses', () => {
  test('not now, and nobody is at fault: 503 with its cause, and asked again where it may have been written', () => {
    for (const [type, sentence, known, unwritable] of AWAY) {
      const error = of(type);
      const refusal = clickhouseRefusalOf(error);
      assert.ok(refusal instanceof AppError && refusal.status === 503, type);
      assert.equal(refusal.cause, error, type);
      for (const one of [error, refusal]) {
        assert.match(clickhouseFaultOf(one)?.sentence ?? '', sentence, type);
        assert.equal(isUnknown(one), !known, type);
        assert.equal(clickhouseWriteFault(one)?.unwritable ?? false, unwritable, type);
      }
    }
  });

  test('a fault of ours stays what it is, and nothing was written', () => {
    for (const type of OURS) {
      const error = of(type);
      assert.equal(clickhouseRefusalOf(error), error, type);
      assert.equal(clickhouseFaultOf(error), undefined, type);
      assert.equal(isUnknown(error), false, type);
    }
  });

  test('an error of the system that hides under another name is told apart by its text', () => {
    const full = 'Cannot write to file /var/lib/clickhouse/store/a, errno: 28, strerror: No space left on device';
    for (const type of ['CANNOT_WRITE_TO_FILE_DESCRIPTOR', 'STD_EXCEPTION', 'POCO_EXCEPTION']) {
      assert.equal(clickhouseFaultOf(of(type, full))?.sentence, 'the disk of ClickHouse is full', type);
      assert.ok(isUnknown(of(type, full)), type);
    }
    assert.match(
      clickhouseFaultOf(of('STD_EXCEPTION', 'std::exception: Read-only file system'))?.sentence ?? '',
      /read-only/,
    );
    assert.match(clickhouseFaultOf(of('STD_EXCEPTION', 'std::bad_alloc'))?.sentence ?? '', /memory/);
    assert.equal(clickhouseFaultOf(of('STD_EXCEPTION', 'std::out_of_range')), undefined);
    assert.equal(
      clickhouseFaultOf(of('SYNTAX_ERROR', 'No space left on device')),
      undefined,
      'what a statement says is no cause',
    );
  });

  test('whatever happens on the way is 503, and nobody knows what became of it', () => {
    const codes = ['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN'];
    const more = ['EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN', 'EMFILE', 'EADDRNOTAVAIL', 'EPROTO'];
    const errors = [
      ...[...codes, ...more, 'CERT_HAS_EXPIRED', 'SELF_SIGNED_CERT_IN_CHAIN'].map((code) => coded(code)),
      new Error('socket hang up'),
      new Error('Timeout error.'),
      new Error('The user aborted a request.'),
      new Error('<html><head><title>502 Bad Gateway</title></head></html>'),
      new Error('503 Service Unavailable: no server is available to handle this request'),
    ];
    for (const error of errors) {
      const refusal = clickhouseRefusalOf(error);
      assert.ok(refusal instanceof AppError && refusal.status === 503, error.message);
      assert.ok(isUnknown(error) && isUnknown(refusal), error.message);
    }
    const ours = new TypeError('rows is not iterable');
    assert.equal(clickhouseRefusalOf(ours), ours);
  });
});
