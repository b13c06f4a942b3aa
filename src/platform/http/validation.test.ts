import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from 'typebox';
import { Id, Money, OneOf, paging } from '../contract/contract.ts';
import { AppError, type InputFault } from '../contract/errors.ts';
import { Pattern, TextLine, TextLineOrNothing } from '../contract/schema/text.ts';
import { validatorFor } from './validation.ts';

const closed = { additionalProperties: false };
const Body = Type.Object(
  {
    name: Type.String({ minLength: 2, maxLength: 5 }),
    price: Type.Optional(Money({ minimum: 1 })),
    count: Type.Optional(Type.Integer({ minimum: 1, maximum: 9 })),
    kind: Type.Optional(Type.Unsafe<string>({ type: 'string', enum: ['new', 'old'] })),
    sure: Type.Optional(Type.Boolean()),
    code: Type.Optional(Pattern('^[A-Z]+$', 'capital letters')),
    lines: Type.Optional(Type.Array(Type.Object({ id: Id() }, closed), { minItems: 1, maxItems: 400 })),
    'a/b~c': Type.Optional(Type.Integer()),
  },
  closed,
);
const Query = Type.Object({ ...paging, in_stock: Type.Optional(Type.Boolean()), id: Type.Optional(Id()) }, closed);

const body = validatorFor(Body, 'body');
const query = validatorFor(Query, 'querystring');
const amounts = validatorFor(Type.Object({ above: Type.Number() }, closed), 'querystring');
const maybe = validatorFor(Type.Object({ at: Type.Union([Type.Integer(), Type.Null()]) }, closed), 'querystring');
const path = validatorFor(Type.Object({ order_id: Id() }, closed), 'params');

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
    [{ name: 7 }, '/name must be a string (7 is given)'],
    [{ name: 'Lamp', count: 'three' }, '/count must be an integer (a string is given)'],
    [{ name: 'Lamp', count: 1.5 }, '/count must be an integer (1.5 is given)'],
    [{ name: 'Lamp', count: '3' }, '/count must be an integer (a string is given; leave out the quotes)'],
    [{ name: 'Lamp', count: null }, '/count must be an integer (null is given)'],
    [{ name: 'Lamp', sure: 'true' }, '/sure must be true or false (a string is given; leave out the quotes)'],
    [{ name: 'Lamp', count: 0 }, '/count must be at least 1'],
    [{ name: 'Lamp', count: 10 }, '/count must be at most 9'],
    [{ name: 'L' }, '/name must have at least 2 characters'],
    [{ name: 'Lantern' }, '/name must have at most 5 characters'],
    [{ name: 'Lamp', lines: [] }, '/lines must have at least 1 entry'],
    [{ name: 'Lamp', kind: 'used' }, '/kind must be one of new, old'],
    [{ name: 'Lamp', price: 1.999 }, '/price must be an amount with at most two digits after the point'],
    [{ name: 'Lamp', price: 0.5 }, '/price must be at least 1'],
    [{ name: 'Lamp', price: 1e9 }, '/price must be at most 99999999.99'],
    [{ name: 'Lamp', sure: 'yes' }, '/sure must be true or false (a string is given)'],
    [{ name: 'Lamp', code: 'ab' }, '/code must be capital letters'],
    [{ name: 'Lamp', lines: [{ id: 1 }, { id: 0 }] }, '/lines/1/id must be at least 1'],
    [{ name: 'Lamp', lines: [{}] }, '/lines/0/id is missing'],
    [{ name: 'Lamp', lines: [{ id: 1, x: 1 }] }, '/lines/0/x is not a field of this request'],
  ];
  for (const [value, sentence] of sentences) assert.deepEqual(faults(value), [sentence]);
  assert.deepEqual(faults([]), [' must be an object (a list is given)']);
});

test('the sentence of the whole names every place', () => {
  assert.equal(refused(body({ name: 'Lamp', lines: [{ id: 0 }] })).message, 'lines, item 1: id must be at least 1');
  assert.equal(refused(body('x')).message, 'the body must be an object (a string is given)');
});

test('a body is strict: no text is read as a number, and no null as nothing', () => {
  for (const value of [{ count: '3' }, { sure: 'true' }, { sure: 1 }, { price: '12.50' }, { count: null }]) {
    assert.equal(faults({ name: 'Lamp', ...value }).length, 1, JSON.stringify(value));
  }
});

test('for a small body all faults are reported at once', () => {
  assert.deepEqual(faults({ count: 0, kind: 'used', colour: 'red' }).sort(), [
    '/colour is not a field of this request',
    '/count must be at least 1',
    '/kind must be one of new, old',
    '/name is missing',
  ]);
});

test('for a big body the first fault is reported, and for no body more than twenty', () => {
  const lines = (count: number) => Array.from({ length: count }, () => ({ id: 0 }));
  assert.equal(faults({ name: 'Lamp', lines: lines(340) }).length, 1);
  assert.equal(faults({ name: 'Lamp', lines: lines(60) }).length, 20);
});

test('in a query numbers and flags are read from text, and what is not given has its default', () => {
  assert.deepEqual(query({ limit: '10', in_stock: 'false', id: '7' }), {
    value: { limit: 10, in_stock: false, id: 7 },
  });
  assert.deepEqual(query({}), { value: { limit: 50 } });
});

test('a query refuses what is no number, out of bounds or unknown', () => {
  assert.deepEqual(faults({ limit: 'ten' }, query), ["/limit must be an integer ('ten' is given)"]);
  assert.deepEqual(faults({ limit: '201' }, query), ['/limit must be at most 200']);
  assert.deepEqual(faults({ in_stock: 'perhaps' }, query), ["/in_stock must be true or false ('perhaps' is given)"]);
  assert.deepEqual(faults({ id: '9007199254740993' }, query), ['/id must be at most 9007199254740991']);
  assert.deepEqual(faults({ colour: 'red' }, query), ['/colour is not a parameter of this request']);
});

test('a number or a flag of a query has one form, which is that of the document', () => {
  for (const limit of ['1e2', '0x10', '0b1', '0o7', ' 1', '1 ', '+5', '1.0', '007', '\t1', '1e0'])
    assert.deepEqual(faults({ limit }, query), [
      `/limit must be an integer ('${limit}' is given; write it as ${Number(limit)})`,
    ]);
  for (const limit of ['1.5', '1_0', '1,0', 'Infinity', '٣', '１', '-', '1n', 'null', '[]'])
    assert.deepEqual(faults({ limit }, query), [`/limit must be an integer ('${limit}' is given)`]);
  assert.deepEqual(faults({ limit: '-1' }, query), ['/limit must be at least 1']);
  for (const in_stock of ['1', '0', 'True', 'TRUE', 'yes', 'on', 'null', ' true'])
    assert.equal(faults({ in_stock }, query).length, 1, in_stock);
  for (const [above, value] of [
    ['7.50', 7.5],
    ['0', 0],
    ['1e1', 10],
    ['-0.5', -0.5],
  ] as const)
    assert.deepEqual(amounts({ above }), { value: { above: value } });
  for (const above of ['.5', '5.', '0x1', '+1', ' 1', '01', '1e'])
    assert.match(faults({ above }, amounts)[0] ?? '', /^\/above must be a number \('/, above);
  assert.deepEqual(faults({ above: '+1' }, amounts), ["/above must be a number ('+1' is given; write it as 1)"]);
  assert.deepEqual(maybe({ at: '5' }), { value: { at: 5 } });
  for (const at of ['', 'null', '5.0']) assert.equal(faults({ at }, maybe).length, 1, at);
});

test('an id of a path has one form', () => {
  for (const order_id of ['1e0', '+1', ' 1', '0x1', '007', '1.0', ''])
    assert.equal(faults({ order_id }, path).length, 1, order_id);
  assert.deepEqual(path({ order_id: '7' }), { value: { order_id: 7 } });
});

test('a name in a pointer is escaped, and one without end is cut', () => {
  assert.deepEqual(faults({ name: 'Lamp', 'x/y~z': 1 }), ['/x~1y~0z is not a field of this request']);
  const [fault = ''] = faults({ name: 'Lamp', ['n'.repeat(5_000)]: 1 });
  assert.ok(fault.length < 200);
});

const place = Type.Object(
  { city: TextLine(20), country: Pattern('^[A-Z]{2}$', 'two capital letters, such as DE') },
  closed,
);
const Wide = Type.Object(
  {
    username: Type.String(),
    product_id: Type.Optional(Id()),
    address: Type.Optional(Type.Unsafe({ ...place, type: ['object', 'null'] })),
    home: Type.Optional(Type.Union([place, Type.Null()])),
    stock: Type.Optional(Type.Union([Type.Integer({ minimum: 0 }), Type.Null()])),
    role: Type.Optional(Type.Union([Type.Literal('customer'), Type.Literal('staff')])),
    grant: Type.Optional(Type.Literal('refresh_token')),
    title: Type.Optional(TextLine(20)),
    note: Type.Optional(TextLineOrNothing(20)),
    secret: Type.Optional(Type.String({ writeOnly: true })),
    items: Type.Optional(Type.Array(Type.Object({ quantity: Type.Integer({ minimum: 1 }) }, closed), { minItems: 1 })),
    types: Type.Optional(Type.Array(OneOf('order.paid', 'order.placed'), { uniqueItems: true })),
  },
  closed,
);
const wide = validatorFor(Wide, 'body');
const messageFor = (value: object, validate = wide) => refused(validate({ username: 'ada', ...value })).message;

test('the fault of a nullable field is one sentence', () => {
  assert.equal(messageFor({ address: 'Bonn' }), 'address must be an object, or null (a string is given)');
  assert.equal(messageFor({ home: 7 }), 'home must be an object, or null (7 is given)');
  assert.equal(messageFor({ stock: 'many' }), 'stock must be an integer, or null (a string is given)');
  assert.equal(
    messageFor({ stock: '5' }),
    'stock must be an integer, or null (a string is given; leave out the quotes)',
  );
  assert.equal(messageFor({ role: 'boss' }), 'role must be one of customer, staff (a string is given)');
  assert.equal(messageFor({ grant: 'password' }), 'grant must be refresh_token');
});

test('the faults of the union branch that was meant are reported, and of no other branch', () => {
  assert.equal(messageFor({ stock: -1 }), 'stock must be at least 0');
  const home = { city: 'Bonn', country: 'germany' };
  assert.equal(messageFor({ home }), 'home.country must be two capital letters, such as DE');
  assert.equal(messageFor({ address: { city: 'Bonn' } }), 'address.country is missing');
});

test('for a misspelt field the field that was meant is named', () => {
  const misspelt: [string, string][] = [
    ['productId', 'product_id'],
    ['prodct_id', 'product_id'],
    ['adress', 'address'],
    ['Address', 'address'],
    ['ittems', 'items'],
    ['titel', 'title'],
  ];
  for (const [name, meant] of misspelt) {
    assert.equal(messageFor({ [name]: 1 }), `${name} is not a field of this request (did you mean '${meant}'?)`);
  }
  const { message } = refused(wide({ usernam: 'ada' }));
  assert.equal(message, "username is missing; usernam is not a field of this request (did you mean 'username'?)");
  assert.equal(messageFor({ colour: 1 }), 'colour is not a field of this request');
  assert.equal(
    messageFor({ types: ['order.payd'] }),
    "types, item 1 must be one of order.paid, order.placed (did you mean 'order.paid'?)",
  );
  const [fault] = refused(query({ limt: '3' })).faults;
  assert.deepEqual(fault, {
    pointer: '/limt',
    detail: "is not a parameter of this request (did you mean 'limit'?)",
    in: 'query',
  });
});

test('a place in a list is counted as people count', () => {
  assert.equal(
    messageFor({ items: [{ quantity: 1 }, { quantity: 0 }, 3] }),
    'item 2: quantity must be at least 1; item 3 must be an object (3 is given)',
  );
  assert.equal(
    messageFor({ types: ['order.paid', 'order.placed', 'order.paid'] }),
    'types must have no entry twice; entries 1 and 3 are the same',
  );
});

test('a text that looks empty is empty', () => {
  const blank = [
    '',
    ' ',
    '\t',
    '\n',
    '\u00a0',
    '\u200b',
    '\u200d\u2060',
    '\ufeff',
    '\u3000',
    '\u3164',
    '\u2800',
    '\u00ad',
    '\u202e',
    '\u0301',
    ' \u0300\u20dd',
    '\u115f\u1160\uffa0',
    '\u2066\u2069\u200f',
    '\ufe0f\u180e\u034f',
    '\u{e0001}\u{1d159}',
  ];
  for (const title of blank)
    assert.match(messageFor({ title }), /^title must (not be empty|have at least 1)/, JSON.stringify(title));
  for (const title of ['a\nb', 'a\0', '\ud800', 'half \udc00']) {
    assert.match(messageFor({ title }), /^title must be one line of text/, JSON.stringify(title));
    assert.match(messageFor({ note: title }), /^note must be one line of text/, JSON.stringify(title));
  }
  for (const title of ['a', ' a ', '日本', '🚚', 'e\u0301', '👩\u200d🚀', '.'])
    assert.ok('value' in wide({ username: 'ada', title }));
  assert.ok('value' in wide({ username: 'ada', note: '' }));
});

test('secret values are not repeated', () => {
  assert.equal(messageFor({ secret: 12345678 }), 'secret must be a string (a number is given)');
});

test('a parameter that is given twice, or without a value, is reported', () => {
  assert.equal(refused(query({ limit: ['1', '2'] })).message, 'limit is given more than once');
  assert.equal(refused(query({ in_stock: ['true', 'true'] })).message, 'in_stock is given more than once');
  assert.equal(refused(query({ cursor: ['a', 'b'] })).message, 'cursor is given more than once');
  const kinds = validatorFor(
    Type.Object({ kind: OneOf('new', 'old'), code: Pattern('^[A-Z]+$', 'capitals') }),
    'query',
  );
  const twice = refused(kinds({ kind: ['new', 'old'], code: ['A', 'B'] }));
  assert.equal(twice.message, 'kind is given more than once; code is given more than once');
  assert.equal(refused(query({ limit: '' })).message, 'limit must be an integer (nothing is given)');
  const { message, faults } = refused(path({ order_id: '0' }));
  assert.deepEqual(
    [message, faults],
    ['order_id must be at least 1', [{ pointer: '/order_id', detail: 'must be at least 1', in: 'path' }]],
  );
});

test('of a thousand unknown parameters a few are named', () => {
  const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`unknown${i}`, '1']));
  const { faults, message } = refused(query(many));
  assert.equal(faults.length, 20);
  assert.match(message, /; and more$/);
});
