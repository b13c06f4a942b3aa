import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from 'typebox';
import { codecOf, toJson } from './codec.ts';
import { Amount, Money } from './contract.ts';
import { setShopCurrency } from './money/currencies.ts';
import { minor } from './money.ts';
import { TextLineOrNothing, TextOrNothing } from './schema/text.ts';

const Line = Type.Object({ name: Type.String(), price: Money(), gift: Type.Optional(Type.Boolean()) });
const Order = Type.Object({
  id: Type.Integer(),
  total: Amount(),
  discount: Type.Union([Amount(), Type.Null()]),
  lines: Type.Array(Line),
  by_day: Type.Array(Type.Array(Amount())),
  address: Type.Union([Type.Object({ city: Type.String(), fee: Type.Optional(Amount()) }), Type.Null()]),
});

const inside = {
  id: 7,
  total: minor(130_000),
  discount: null,
  lines: [
    { name: 'Laptop', price: minor(129_999) },
    { name: 'Sticker', price: minor(1), gift: true },
  ],
  by_day: [[minor(100), minor(5)], []],
  address: { city: 'Ghent', fee: minor(250) },
};

test('amounts go out with two digits, also those that are whole', () => {
  assert.equal(
    toJson(Order, inside),
    '{"id":7,"total":1300.00,"discount":null,' +
      '"lines":[{"name":"Laptop","price":1299.99},{"name":"Sticker","price":0.01,"gift":true}],' +
      '"by_day":[[1.00,0.05],[]],"address":{"city":"Ghent","fee":2.50}}',
  );
  assert.equal(toJson(Amount(), minor(-1_250)), '-12.50');
});

test('a value that is encoded and decoded is unchanged', () => {
  assert.deepEqual(codecOf(Order).decode(JSON.parse(toJson(Order, inside))), inside);
});

test('a field that the schema does not name is never encoded, at any depth', () => {
  const leaky = {
    ...inside,
    password_hash: 'secret',
    lines: [{ name: 'Laptop', price: minor(1), cost: minor(1) }],
    address: { city: 'Ghent', street: 'secret' },
  };
  const out = JSON.parse(toJson(Order, leaky));
  assert.deepEqual(Object.keys(out), Object.keys(inside));
  assert.deepEqual(Object.keys(out.lines[0]), ['name', 'price']);
  assert.deepEqual(out.address, { city: 'Ghent' });
});

test('a schema without fields encodes nothing', () => {
  assert.equal(toJson(Type.Object({}), { anything: 1 }), '{}');
});

test('null and absent fields are unchanged in both directions', () => {
  const { encode, decode } = codecOf(Order);
  const bare = { id: 1, total: minor(0), discount: null, lines: [], by_day: [], address: null };
  assert.equal(JSON.stringify(encode({ ...bare, lines: undefined })).includes('lines'), false);
  assert.deepEqual(decode({ ...bare, total: 0 }), bare);
  assert.deepEqual(decode({ id: 1 }), { id: 1 });
  assert.equal(toJson(Order, null), 'null');
});

test('a union with null carries amounts too', () => {
  const { decode } = codecOf(Order);
  assert.equal((decode({ discount: 12.5 }) as { discount: number }).discount, 1_250);
  assert.equal(toJson(Type.Union([Type.Null(), Amount()]), minor(1_250)), '12.50');
});

test('reading leaves the value that was read as it is', () => {
  const json = { total: 12.5, lines: [{ name: 'Mug', price: 1.5 }] };
  const before = structuredClone(json);
  codecOf(Order).decode(json);
  assert.deepEqual(json, before);
});

test('an amount has the digits of the nearest currency around it, in both directions', () => {
  const Sums = Type.Object({
    currency: Type.String(),
    total: Amount(),
    parts: Type.Array(Type.Object({ amount: Amount(), of: Type.Object({ currency: Type.String(), rate: Amount() }) })),
  });
  const sums = {
    currency: 'JPY',
    total: minor(1_300),
    parts: [{ amount: minor(300), of: { currency: 'KWD', rate: minor(1_250) } }],
  };
  const text = '{"currency":"JPY","total":1300,"parts":[{"amount":300,"of":{"currency":"KWD","rate":1.250}}]}';
  assert.equal(toJson(Sums, sums), text);
  assert.deepEqual(codecOf(Sums).decode(JSON.parse(text)), sums);
  assert.throws(() => codecOf(Sums).decode({ currency: 'JPY', total: 12.5 }), {
    code: 'TRADEPOST_INVALID',
    message: '12.5 is no amount without digits after the point, for JPY has none',
  });
});

test('amounts without a currency are in that of the shop', (t) => {
  t.after(() => setShopCurrency('USD'));
  setShopCurrency('KWD');
  assert.equal(toJson(Amount(), minor(3_000)), '3.000');
  assert.equal(codecOf(Amount()).decode(3), 3_000);
});

test('a text that may be empty and looks so is read as empty; others are read as they are', () => {
  const Note = Type.Object({
    note: Type.Optional(TextLineOrNothing(20)),
    text: TextOrNothing(20),
    name: Type.String(),
  });
  const { decode, encode } = codecOf(Note);
  assert.deepEqual(decode({ note: ' \u200b', text: '\n\u00ad', name: ' ' }), { note: '', text: '', name: ' ' });
  assert.deepEqual(decode({ text: ' a\nb ', name: '' }), { text: ' a\nb ', name: '' });
  assert.deepEqual(encode({ text: ' ', name: '' }), { text: ' ', name: '' });
});
