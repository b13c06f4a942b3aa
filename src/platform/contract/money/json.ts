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
