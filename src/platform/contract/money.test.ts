import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  formatMoney,
  fromDecimal,
  isDecimalAmount,
  lineTotal,
  MAX_TOTAL,
  type Minor,
  minor,
  mustBeWritable,
  parseRate,
  percentText,
  type Rate,
  spread,
  sum,
  taxOn,
  toDecimalText,
} from './money.ts';

function rate(text: string): Rate {
  const read = parseRate(text);
  assert.ok(read, `${text} is a rate`);
  return read;
}

/** The same numbers at every run. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test('a decimal amount is read to its minor units, exactly', () => {
  const amounts: [number | string, number][] = [
    [1299.99, 129_999],
    [0.1, 10],
    [0.29, 29],
    [1.1, 110],
    [4.35, 435],
    [1.15, 115],
    [8.2, 820],
    [45, 4_500],
    [0, 0],
    [-0, 0],
    [-0.05, -5],
    [-12.5, -1_250],
    ['99999999.99', 9_999_999_999],
  ];
  for (const [given, expected] of amounts) assert.equal(fromDecimal(given), expected, String(given));
});

test('what has more than two digits, or is no plain decimal, is no amount', () => {
  for (const given of [0.001, 1.999, 0.1 + 0.2, 1e21, 1e-7, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.equal(isDecimalAmount(given), false, String(given));
    assert.throws(() => fromDecimal(given), TypeError);
  }
  for (const given of ['', '1,5', '.5', '1.', ' 1', '+1', '0x10']) assert.throws(() => fromDecimal(given), TypeError);
});

test('an amount is printed with two digits, whatever its size and sign', () => {
  const printed = [0, 5, 50, 100, 129_999, -5, -50, -129_999].map((amount) => toDecimalText(minor(amount)));
  assert.deepEqual(printed, ['0.00', '0.05', '0.50', '1.00', '1299.99', '-0.05', '-0.50', '-1299.99']);
});

test('an amount has the digits of its currency, read and printed', () => {
  const amounts: [string, number, string, string][] = [
    ['JPY', 1_300, '1300', '1,300 JPY'],
    ['ISK', 0, '0', '0 ISK'],
    ['JPY', -5, '-5', '-5 JPY'],
    ['KWD', 1_250, '1.250', '1.250 KWD'],
    ['BHD', -5, '-0.005', '-0.005 BHD'],
    ['CLF', 12_345_678, '1234.5678', '1,234.5678 CLF'],
    ['UYW', 1, '0.0001', '0.0001 UYW'],
    ['HUF', 100, '1.00', '1.00 HUF'],
    ['EUR', 100, '1.00', '1.00 EUR'],
  ];
  for (const [currency, amount, text, shown] of amounts) {
    assert.equal(toDecimalText(minor(amount), currency), text);
    assert.equal(fromDecimal(text, currency), amount);
    assert.equal(formatMoney(amount, currency), shown);
  }
  assert.equal(fromDecimal(1.5, 'KWD'), 1_500);
  for (const [value, currency] of [
    [1.5, 'JPY'],
    [1.255, 'USD'],
    [1.2555, 'KWD'],
    [1.25555, 'CLF'],
  ] as const) {
    assert.equal(isDecimalAmount(value, currency), false);
    assert.throws(() => fromDecimal(value, currency), /digits after the point/);
  }
});

test('a sum beyond 2^53 is printed exactly', () => {
  assert.equal(toDecimalText(18_014_398_509_481_985n, 'USD'), '180143985094819.85');
  assert.equal(toDecimalText(-18_014_398_509_481_985n, 'JPY'), '-18014398509481985');
});

test('the largest total of an order, and each one below it, survives as a number of JSON', () => {
  for (const currency of ['JPY', 'USD', 'KWD', 'CLF']) {
    for (let below = 0; below < 2_000; below++) {
      const amount = mustBeWritable(minor(MAX_TOTAL - below));
      assert.equal(fromDecimal(Number(toDecimalText(amount, currency)), currency), amount);
    }
  }
  assert.throws(() => mustBeWritable(minor(MAX_TOTAL + 1)), { code: 'TRADEPOST_AMOUNT_TOO_LARGE' });
});

test('for people the thousands are set apart', () => {
  const amounts = [0, 99_999, 100_000, 129_999_999, -12_345, -123_456_789];
  assert.deepEqual(
    amounts.map((amount) => formatMoney(amount, 'USD')),
    ['0.00 USD', '999.99 USD', '1,000.00 USD', '1,299,999.99 USD', '-123.45 USD', '-1,234,567.89 USD'],
  );
});

test('every amount of cents comes back as it went out', () => {
  for (let cents = -2_500; cents <= 2_500; cents++) {
    assert.equal(fromDecimal(toDecimalText(minor(cents))), cents);
    assert.equal(fromDecimal(cents / 100), cents);
  }
});

test('an amount that cannot be counted exactly is refused, not rounded', () => {
  const tooLarge = { code: 'TRADEPOST_AMOUNT_TOO_LARGE' };
  assert.equal(minor(Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
  for (const value of [2 ** 53, -(2 ** 53), 2n ** 53n, 2n ** 53n + 1n, 10n ** 30n, 0.5, Number.NaN]) {
    assert.throws(() => minor(value), tooLarge, String(value));
  }
  assert.throws(() => lineTotal(minor(9_999_999_999), 1_000_000), tooLarge);
  assert.throws(() => sum([minor(Number.MAX_SAFE_INTEGER), minor(1)]), tooLarge);
  assert.throws(() => fromDecimal('90071992547409.92'), tooLarge);
});

test('a sum is exact on its way too: amounts may pass the limit as long as the total does not', () => {
  const most = minor(Number.MAX_SAFE_INTEGER);
  assert.equal(sum([most, most, minor(-Number.MAX_SAFE_INTEGER)]), most);
  assert.equal(sum([]), 0);
});

test('tax is rounded half away from zero', () => {
  const tax = (amount: number, text: string) => taxOn(minor(amount), rate(text));
  // 10 % of 1299.95 is 129.995, of 0.05 is 0.005, of 0.04 is 0.004.
  assert.deepEqual(
    [129_995, 5, 15, 25, 4, 14].map((amount) => tax(amount, '0.1')),
    [13_000, 1, 2, 3, 0, 1],
  );
  assert.deepEqual(
    [-129_995, -5, -15, -25, -4, -14].map((amount) => tax(amount, '0.1')),
    [-13_000, -1, -2, -3, 0, -1],
  );
});

test('a rate has up to seven digits and is applied as written', () => {
  const tax = (amount: number, text: string) => taxOn(minor(amount), rate(text));
  assert.equal(tax(10_000, '0.075'), 750);
  assert.equal(tax(20, '0.075'), 2);
  assert.equal(tax(19, '0.075'), 1);
  assert.equal(tax(10_000_000, '0.0000001'), 1);
  assert.equal(tax(4_999_999, '0.0000001'), 0);
  assert.equal(tax(12_345, '1'), 12_345);
  assert.equal(tax(12_345, '0'), 0);
});

test('a rate is a fraction from 0 to 1 and nothing else', () => {
  for (const text of ['0', '1', '0.1', '0.075', '0.2100000', '1.0', '1.0000000']) assert.ok(parseRate(text), text);
  for (const text of ['', '2', '1.1', '1.0000001', '10%', '-0.1', '0.12345678', '.1', '0.', '1e-1', ' 0.1', '0,1']) {
    assert.equal(parseRate(text), undefined, text);
  }
});

test('a rate is shown in percent without idle zeros', () => {
  const shown = ['0', '1', '0.1', '0.10', '0.075', '0.19', '0.2000', '0.001', '0.0000001', '0.9999999'];
  assert.deepEqual(
    shown.map((text) => percentText(rate(text))),
    ['0', '100', '10', '10', '7.5', '19', '20', '0.1', '0.00001', '99.99999'],
  );
});

test('totals and taxes of a thousand random orders agree with integer arithmetic', () => {
  const random = seeded(20_260_728);
  const absolute = (value: bigint) => (value < 0n ? -value : value);
  for (let i = 0; i < 1_000; i++) {
    const lines = Array.from({ length: 1 + random(20) }, () => ({
      price: (random(2) ? 1 : -1) * random(10_000_000),
      quantity: 1 + random(1_000),
    }));
    const subtotal = sum(lines.map(({ price, quantity }) => lineTotal(minor(price), quantity)));
    const exact = lines.reduce((total, { price, quantity }) => total + BigInt(price) * BigInt(quantity), 0n);
    assert.equal(BigInt(subtotal), exact);

    const parts = BigInt(random(10_000_001));
    const text = `${parts / 10_000_000n}.${String(parts % 10_000_000n).padStart(7, '0')}`;
    const tax = BigInt(taxOn(subtotal, rate(text)));
    // Half away from zero: the nearest whole unit, and of two equally near ones the larger in size.
    const off = absolute(exact) * parts - absolute(tax) * 10_000_000n;
    assert.ok(off < 5_000_000n && off >= -5_000_000n, `${exact} at ${text} is not ${tax}`);
    assert.ok(tax === 0n || tax < 0n === exact < 0n);
    assert.equal(fromDecimal(toDecimalText(subtotal as Minor)), subtotal);
  }
});

test('an amount is spread in proportion, to the last cent, and no part is more than its weight', () => {
  const parts = (amount: number, ...weights: number[]) => spread(minor(amount), weights.map(minor));
  assert.deepEqual(parts(5_000, 10_000, 1_000), [4_545, 455]);
  assert.deepEqual(parts(100, 1, 1, 1), [34, 33, 33], 'of equal parts the first takes what is left');
  assert.deepEqual(parts(1, 10, 20, 20), [0, 1, 0], 'of equal remainders the larger part');
  assert.deepEqual(
    [parts(0, 3, 4), parts(7, 3, 4), parts(0, 0, 0)],
    [
      [0, 0],
      [3, 4],
      [0, 0],
    ],
  );
  for (let amount = 0; amount <= 60; amount++) {
    const weights = [1, 0, 7, 7, 22, 13, 10];
    const spreadOut = parts(amount, ...weights);
    assert.equal(sum(spreadOut), amount);
    assert.ok(
      spreadOut.every((part, n) => part >= 0 && part <= (weights[n] ?? 0)),
      `${amount}: ${spreadOut}`,
    );
  }
  const large = [9_007_199_254_740_000, 1].map(minor);
  assert.equal(sum(spread(minor(9_007_199_254_739_999), large)), 9_007_199_254_739_999);
});
