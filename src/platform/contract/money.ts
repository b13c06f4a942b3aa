import { common } from './errors.ts';

/**
 * Money. Inside the system an amount is an integer of minor units (cents); outside, in JSON, a decimal number
 * with two digits. This file is the only one that converts, divides, rounds or prints it, and it never uses
 * floating-point arithmetic: decimals are parsed as text, products and quotients are computed with BigInt.
 */
export type Minor = number & { readonly minorUnits: unique symbol };

/** The largest amount that one field of a request may carry: 99,999,999.99. */
export const MAX_AMOUNT = 99_999_999.99;

const DECIMAL = /^(-?)(\d+)(?:\.(\d{1,2}))?$/;

/** Asserts an exact integer of minor units. Throws AMOUNT_TOO_LARGE beyond 2^53. */
export function minor(value: number | bigint): Minor {
  const amount = Number(value);
  if (!Number.isSafeInteger(amount)) throw common.AMOUNT_TOO_LARGE();
  return amount as Minor;
}

/** Whether a JSON number is an amount: at most two digits after the point. */
export function isDecimalAmount(value: number): boolean {
  return DECIMAL.test(String(value));
}

/** `1299.99` to 129999. Throws for what `isDecimalAmount` refuses. */
export function fromDecimal(value: number | string): Minor {
  const parts = DECIMAL.exec(String(value));
  if (!parts) throw new TypeError(`${value} is not a decimal amount with at most two digits`);
  const [, sign, whole, fraction = ''] = parts;
  return minor(BigInt(`${sign}${whole}${fraction.padEnd(2, '0')}`));
}

/** 129999 to `1299.99`, always with two digits. */
export function toDecimalText(amount: Minor): string {
  const digits = String(Math.abs(amount)).padStart(3, '0');
  return `${amount < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** 129999 USD to `1,299.99 USD`, for documents that people read. */
export function formatMoney(amount: Minor | number, currency: string): string {
  const [whole = '', fraction] = toDecimalText(minor(amount)).split('.');
  return `${whole.replace(/\B(?=(\d{3})+$)/g, ',')}.${fraction} ${currency}`;
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
