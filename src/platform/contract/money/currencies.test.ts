import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digitsOf, isCurrency } from './currencies.ts';

test('a currency has the digits of ISO 4217, also where others are in use', () => {
  const digits = {
    ISK: 0,
    JPY: 0,
    KRW: 0,
    UYI: 0,
    HUF: 2,
    IDR: 2,
    COP: 2,
    MGA: 2,
    KWD: 3,
    BHD: 3,
    IQD: 3,
    CLF: 4,
    UYW: 4,
  };
  for (const [code, wanted] of Object.entries(digits)) assert.equal(digitsOf(code), wanted, code);
  assert.equal(digitsOf('ABC'), 2, 'what was stored under an unknown code is in hundredths');
});

test('what has no minor unit, or is no code, is no currency to count in', () => {
  for (const code of ['XAU', 'XXX', 'XTS', 'XDR', 'usd', 'US', '', 'ABC', 'BTC']) assert.equal(isCurrency(code), false);
});

test('every currency that is in use is known', () => {
  // Intl has these beside the currencies: a unit of account, and gold and the like.
  const unknown = Intl.supportedValuesOf('currency').filter((code) => !isCurrency(code));
  assert.deepEqual(
    unknown.filter((code) => !/^X(DR|SU|AU|AG|PD|PT|B[A-D]|TS|XX|UA)$/.test(code)),
    [],
  );
});
