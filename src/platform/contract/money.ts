import { common } from './errors.ts';
import { digitsOf, shopCurrency } from './money/currencies.ts';

/**
 * Money. Inside the system an amount is an integer of minor units (cents); outside, in JSON, a decimal number with as
 * many digits as its currency has (`money/currencies.ts`). This file is the only one that converts, divides, rounds or
 * prints it, and it never uses floating-point arithmetic: decimals are parsed as text, products and quotients are
 * computed with BigInt.
 */
export type Minor = number & { readonly minorUnits: unique symbol };

/** The largest amount that one field of a request may carry: 99,999,999.99. */
export const MAX_AMOUNT = 99_999_999.99;

/**
 * The largest total of an order in minor units. It is below 2^53, because the total must also survive as a decimal in
 * JSON: up to here no two amounts of any currency are read as the same double.
 */
export const MAX_TOTAL = 5_000_000_000_000_000;

const DECIMAL = /^(-?)(\d+)(?:\.(\d{1,4}))?$/;

/** Asserts an exact integer of minor units. Throws AMOUNT_TOO_LARGE beyond 2^53. */
export function minor(value: number | bigint): Minor {
  const amount = Number(value);
  if (!Number.isSafeInteger(amount)) throw common.AMOUNT_TOO_LARGE();
  return amount as Minor;
}

/** Asserts that an order can be written with this total. Throws AMOUNT_TOO_LARGE beyond MAX_TOTAL. */
export function mustBeWritable(total: Minor): Minor {
  if (Math.abs(total) > MAX_TOTAL) throw common.AMOUNT_TOO_LARGE();
  return total;
}

/** Whether a JSON number is an amount of this currency, by the digits after its point. */
export function isDecimalAmount(value: number, currency: string = shopCurrency()): boolean {
  const parts = DECIMAL.exec(String(value));
  return parts !== null && (parts[3]?.length ?? 0) <= digitsOf(currency);
}

/** 1299.99 USD to 129999, 1300 JPY to 1300. Throws TypeError for what `isDecimalAmount` refuses. */
export function fromDecimal(value: number | string, currency: string = shopCurrency()): Minor {
  const [, sign, whole, fraction = ''] = DECIMAL.exec(String(value)) ?? [];
  const digits = digitsOf(currency);
  if (whole === undefined || fraction.length > digits) throw new TypeError(`${value} is no ${amountForm(currency)}`);
  return minor(BigInt(`${sign}${whole}${fraction.padEnd(digits, '0')}`));
}

/** 129999 USD to `1299.99`, 1300 JPY to `1300`, 1250 KWD to `1.250`; also a sum beyond 2^53, which is a bigint. */
export function toDecimalText(amount: Minor | bigint, currency: string = shopCurrency()): string {
  const digits = digitsOf(currency);
  if (digits === 0) return String(amount);
  const text = String(amount < 0 ? -amount : amount).padStart(digits + 1, '0');
  return `${amount < 0 ? '-' : ''}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/** An amount that is a decimal already, as in the facts of an error: 3 USD is `3.00`. */
export function decimalText(value: number, currency: string = shopCurrency()): string {
  return value.toFixed(digitsOf(currency));
}

const NUMBERS = ['no', 'one', 'two', 'three', 'four'];

/** What an amount of this currency looks like: `amount with at most two digits after the point`. */
export function amountForm(currency: string): string {
  const digits = digitsOf(currency);
  if (digits === 0) return `amount without digits after the point, for ${currency} has none`;
  return `amount with at most ${NUMBERS[digits]} digits after the point`;
}

/** 129999 USD to `1,299.99 USD`, for documents that people read. */
export function formatMoney(amount: Minor | number, currency: string): string {
  const [whole = '', ...fraction] = toDecimalText(minor(amount), currency).split('.');
  return `${[whole.replace(/\B(?=(\d{3})+$)/g, ','), ...fraction].join('.')} ${currency}`;
}

/** Unit price times quantity, exactly. */
export function lineTotal(unitPrice: Minor, quantity: number): Minor {
  return minor(BigInt(unitPrice) * BigInt(quantity));
}

/** The sum of amounts, exactly. */
export function sum(amounts: readonly Minor[]): Minor {
  return minor(amounts.reduce((total, amount) => total + BigInt(amount), 0n));
}

/** A rate as an exact fraction: `0.1` is 1000000 of 10000000. */
export interface Rate {
  readonly text: string;
  readonly parts: bigint;
}

const RATE_SCALE = 10_000_000n;

/** Reads a rate such as `0.1`, at most seven digits after the point. Returns undefined when the text is not a rate. */
export function parseRate(text: string): Rate | undefined {
  const match = /^([01])(?:\.(\d{1,7}))?$/.exec(text);
  if (!match) return undefined;
  const parts = BigInt(`${match[1]}${(match[2] ?? '').padEnd(7, '0')}`);
  return parts > RATE_SCALE ? undefined : { text, parts };
}

/** The rate in percent, for people: `0.1` is `10`, `0.075` is `7.5`. */
export function percentText(rate: Rate): string {
  const digits = String(rate.parts).padStart(6, '0');
  const fraction = digits.slice(-5).replace(/0+$/, '');
  return fraction ? `${digits.slice(0, -5)}.${fraction}` : digits.slice(0, -5);
}

/** The tax on an amount, rounded once, half away from zero. */
export function taxOn(amount: Minor, rate: Rate): Minor {
  const product = BigInt(amount) * rate.parts;
  const half = product < 0n ? -RATE_SCALE / 2n : RATE_SCALE / 2n;
  return minor((product + half) / RATE_SCALE);
}

/**
 * An amount spread over parts in proportion to their weights, to the last minor unit: what is left over by rounding down
 * goes, a unit each, to the largest remainders, of equal ones to the larger weight, then to the earlier part. The sum of
 * the parts is the amount, and no part of an amount up to the sum of the weights is more than its weight.
 */
export function spread(amount: Minor, weights: readonly Minor[]): Minor[] {
  const whole = weights.reduce((all, weight) => all + BigInt(weight), 0n);
  if (whole === 0n) return weights.map((_, n) => (n === 0 ? amount : minor(0)));
  const shares = weights.map((weight, n) => {
    const product = BigInt(amount) * BigInt(weight);
    return { n, weight, part: product / whole, rest: product % whole };
  });
  let left = BigInt(amount) - shares.reduce((all, { part }) => all + part, 0n);
  const largestFirst = shares.toSorted((a, b) => Number(b.rest - a.rest) || b.weight - a.weight || a.n - b.n);
  for (const share of largestFirst) if (left-- > 0n) share.part += 1n;
  return shares.map(({ part }) => minor(part));
}
