import { fromDecimal, isDecimalAmount, toDecimalText } from '../money.ts';

// TypeScript's library does not declare the source text of a number, nor JSON.rawJSON, yet.
type Reviver = (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown;
const parse = JSON.parse as (text: string, reviver: Reviver) => unknown;

/** A value that `JSON.stringify` prints as this text. */
export const rawJSON = (JSON as unknown as { rawJSON: (text: string) => object }).rawJSON;

/**
 * Reads JSON that is to be printed again: decimals keep the digits that they were written with, so that an amount of
 * `3.00` does not become `3`. They are no numbers to compute with.
 */
export function parseToPrint(text: string): unknown {
  return parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source?.includes('.') ? rawJSON(source) : value,
  );
}

/** How the fields of payloads are called that hold an amount. */
const AMOUNT = /(^|_)(amount|price|subtotal|tax|total)$/;

/**
 * The payload of an event that was read as plain JSON, to be printed again: its amounts with the digits of the nearest
 * `currency` around them, else of `around`.
 */
export function withDigits(value: unknown, around: string): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((one) => withDigits(one, around));
  const { currency = around } = value as { currency?: string };
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      typeof field === 'number' && AMOUNT.test(name) && isDecimalAmount(field, currency)
        ? rawJSON(toDecimalText(fromDecimal(field, currency), currency))
        : withDigits(field, currency),
    ]),
  );
}
