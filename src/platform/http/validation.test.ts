import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from 'typebox';
import { Id, Money, paging } from '../contract.ts';
import { AppError, type InputFault } from '../errors.ts';
import { validatorFor } from './validation.ts';

const closed = { additionalProperties: false };
const Body = Type.Object(
  {
    name: Type.String({ minLength: 2, maxLength: 5 }),
    price: Type.Optional(Money({ minimum: 1 })),
    count: Type.Optional(Type.Integer({ minimum: 1, maximum: 9 })),
    kind: Type.Optional(Type.Unsafe<string>({ type: 'string', enum: ['new', 'old'] })),
    sure: Type.Optional(Type.Boolean()),
    code: Type.Optional(Type.String({ pattern: '^[A-Z]+$' })),
    lines: Type.Optional(Type.Array(Type.Object({ id: Id() }, closed), { minItems: 1, maxItems: 100 })),
    'a/b~c': Type.Optional(Type.Integer()),
  },
  closed,
);
const Query = Type.Object({ ...paging, in_stock: Type.Optional(Type.Boolean()), id: Type.Optional(Id()) }, closed);

const body = validatorFor(Body, 'body');
const query = validatorFor(Query, 'querystring');

function refused(result: ReturnType<typeof body>): AppError & { faults: readonly InputFault[] } {
  assert.ok('error' in result && result.error instanceof AppError, 'it was accepted');
  const { error } = result;
  assert.deepEqual([error.code, error.kind], ['TRADEPOST_INVALID', 'invalid']);
  return error as AppError & { faults: readonly InputFault[] };
}

const faults = (value: unknown, validate = body) =>
  refused(validate(value)).faults.map(({ pointer, detail }) => `${pointer} ${detail}`);

test('what fits is taken as it is', () => {
  const value = { name: 'Lamp', price: 12.5, count: 3, kind: 'new', sure: false, lines: [{ id: 1 }] };
  assert.deepEqual(body(value), { value });
});

test('every fault has a pointer and a sentence', () => {
  const sentences: [object, string][] = [
    [{}, '/name is missing'],
    [{ name: 'Lamp', colour: 'red' }, '/colour is not a field of this request'],
    [{ name: 7 }, '/name must be a string'],
    [{ name: 'Lamp', count: 'three' }, '/count must be an integer'],
    [{ name: 'Lamp', count: 1.5 }, '/count must be an integer'],
    [{ name: 'Lamp', count: 0 }, '/count must be at least 1'],
    [{ name: 'Lamp', count: 10 }, '/count must be at most 9'],
    [{ name: 'L' }, '/name must have at least 2 characters'],
    [{ name: 'Lantern' }, '/name must have at most 5 characters'],
    [{ name: 'Lamp', lines: [] }, '/lines must have at least 1 entry'],
    [{ name: 'Lamp', kind: 'used' }, '/kind must be one of new, old'],
    [{ name: 'Lamp', price: 1.999 }, '/price must be an amount with at most two digits after the point'],
    [{ name: 'Lamp', price: 0.5 }, '/price must be at least 1'],
    [{ name: 'Lamp', price: 1e9 }, '/price must be at most 99999999.99'],
    [{ name: 'Lamp', sure: 'yes' }, '/sure must be a boolean'],
    [{ name: 'Lamp', code: 'ab' }, '/code must match pattern "^[A-Z]+$"'],
    [{ name: 'Lamp', lines: [{ id: 1 }, { id: 0 }] }, '/lines/1/id must be at least 1'],
    [{ name: 'Lamp', lines: [{}] }, '/lines/0/id is missing'],
    [{ name: 'Lamp', lines: [{ id: 1, x: 1 }] }, '/lines/0/x is not a field of this request'],
  ];
  for (const [value, sentence] of sentences) assert.deepEqual(faults(value), [sentence]);
  assert.deepEqual(faults([]), [' must be an object']);
});

test('the sentence of the whole names the first place', () => {
  assert.equal(refused(body({ name: 'Lamp', lines: [{ id: 0 }] })).message, 'lines/0/id must be at least 1');
  assert.equal(refused(body('x')).message, 'must be an object');
});

test('a body is strict: no text is read as a number, and no null as nothing', () => {
  for (const value of [{ count: '3' }, { sure: 'true' }, { sure: 1 }, { price: '12.50' }, { count: null }]) {
    assert.equal(faults({ name: 'Lamp', ...value }).length, 1, JSON.stringify(value));
  }
});

test('a small body is told all its faults at once', () => {
  assert.deepEqual(faults({ count: 0, kind: 'used', colour: 'red' }).sort(), [
    '/colour is not a field of this request',
    '/count must be at least 1',
    '/kind must be one of new, old',
    '/name is missing',
  ]);
});

test('a big body is told its first fault, and no body more than twenty', () => {
  const lines = (count: number) => Array.from({ length: count }, () => ({ id: 0 }));
  assert.equal(faults({ name: 'Lamp', lines: lines(90) }).length, 1);
  assert.equal(faults({ name: 'Lamp', lines: lines(60) }).length, 20);
});

test('in a query numbers and flags are read from text, and what is not given has its default', () => {
  assert.deepEqual(query({ limit: '10', in_stock: 'false', id: '7' }), {
    value: { limit: 10, in_stock: false, id: 7 },
  });
  assert.deepEqual(query({}), { value: { limit: 50 } });
});

test('a query refuses what is no number, out of bounds or unknown', () => {
  assert.deepEqual(faults({ limit: 'ten' }, query), ['/limit must be an integer']);
  assert.deepEqual(faults({ limit: '201' }, query), ['/limit must be at most 200']);
  assert.deepEqual(faults({ in_stock: 'perhaps' }, query), ['/in_stock must be a boolean']);
  assert.deepEqual(faults({ id: '9007199254740993' }, query), ['/id must be at most 9007199254740991']);
  assert.deepEqual(faults({ colour: 'red' }, query), ['/colour is not a parameter of this request']);
});

test('a name in a pointer is escaped, and one without end is cut', () => {
  assert.deepEqual(faults({ name: 'Lamp', 'x/y~z': 1 }), ['/x~1y~0z is not a field of this request']);
  const [fault = ''] = faults({ name: 'Lamp', ['n'.repeat(5_000)]: 1 });
  assert.ok(fault.length < 200);
});
