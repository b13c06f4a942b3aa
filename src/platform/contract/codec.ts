import type { TSchema } from 'typebox';
import { invalid } from './errors.ts';
import { shopCurrency } from './money/currencies.ts';
import { rawJSON } from './money/json.ts';
import { amountForm, fromDecimal, isDecimalAmount, type Minor, toDecimalText } from './money.ts';
import { looksEmpty } from './schema/text.ts';

/**
 * Converts between JSON and internal values. Both directions are compiled once from a contract's schema: `decode` turns
 * decimal amounts into minor units; `encode` prints minor units with the digits of their currency and drops every field
 * that the schema does not name, so that no internal field is sent by mistake. The currency of an amount is that of the
 * nearest object around it with a field `currency`, else that of the shop. A text that may be empty and looks so is
 * read as ''.
 */
export interface Codec {
  /** A validated JSON value to the internal value. Throws INVALID for an amount with more digits than its currency has. */
  decode(json: unknown): unknown;
  /** An internal value to the value that `JSON.stringify` prints. */
  encode(value: unknown): unknown;
}

type Convert = (value: unknown, currency: string) => unknown;

interface Node {
  type?: string;
  format?: string;
  properties?: Record<string, Node>;
  items?: Node;
  anyOf?: Node[];
}

const identity: Convert = (value) => value;
const textOrNothing: Convert = (value) => (typeof value === 'string' && looksEmpty(value) ? '' : value);

const codecs = new WeakMap<TSchema, Codec>();

/** The codec of a schema, compiled at the first call. */
export function codecOf(schema: TSchema): Codec {
  const known = codecs.get(schema);
  if (known) return known;
  const [decode, encode] = [decoder(schema as Node), encoder(schema as Node)];
  const codec: Codec = {
    decode: (json) => decode(json, shopCurrency()),
    encode: (value) => encode(value, shopCurrency()),
  };
  codecs.set(schema, codec);
  return codec;
}

/** JSON text of a value, as the schema says. */
export function toJson(schema: TSchema, value: unknown): string {
  return JSON.stringify(codecOf(schema).encode(value));
}

const MAY_BE_EMPTY = ['line', 'text'];

function decoder(node: Node): Convert {
  if (MAY_BE_EMPTY.includes(node.format ?? '')) return textOrNothing;
  if (node.format === 'money')
    return (value, currency) => (value == null ? value : amountOf(value as number, currency));
  if (node.items) {
    const item = decoder(node.items);
    return item === identity
      ? identity
      : (value, currency) => (Array.isArray(value) ? value.map((one) => item(one, currency)) : value);
  }
  if (node.properties) return objectDecoder(node.properties);
  if (node.anyOf) return node.anyOf.map(decoder).find((convert) => convert !== identity) ?? identity;
  return identity;
}

const currencyOf = ({ currency }: Record<string, unknown>, around: string): string =>
  typeof currency === 'string' ? currency : around;

function amountOf(value: number, currency: string): Minor {
  if (!isDecimalAmount(value, currency)) throw invalid(`${value} is no ${amountForm(currency)}`);
  return fromDecimal(value, currency);
}

function objectDecoder(properties: Record<string, Node>): Convert {
  const fields = Object.entries(properties)
    .map(([name, node]) => [name, decoder(node)] as const)
    .filter(([, convert]) => convert !== identity);
  if (fields.length === 0) return identity;
  return (value, around) => {
    if (value === null || typeof value !== 'object') return value;
    const copy = { ...value } as Record<string, unknown>;
    const currency = currencyOf(copy, around);
    for (const [name, convert] of fields) if (name in copy) copy[name] = convert(copy[name], currency);
    return copy;
  };
}

function encoder(node: Node): Convert {
  if (node.format === 'money')
    return (value, currency) => (value == null ? value : rawJSON(toDecimalText(value as Minor, currency)));
  if (node.items) {
    const item = encoder(node.items);
    return item === identity
      ? identity
      : (value, currency) => (Array.isArray(value) ? value.map((one) => item(one, currency)) : value);
  }
  if (node.properties) return objectEncoder(node.properties);
  if (node.anyOf) return node.anyOf.map(encoder).find((convert) => convert !== identity) ?? identity;
  return identity;
}

function objectEncoder(properties: Record<string, Node>): Convert {
  const fields = Object.entries(properties).map(([name, node]) => ({ name, convert: encoder(node) }));
  return (value, around) => {
    if (value === null || typeof value !== 'object') return value;
    const from = value as Record<string, unknown>;
    const currency = currencyOf(from, around);
    const out: Record<string, unknown> = {};
    for (const { name, convert } of fields) {
      const field = from[name];
      if (field !== undefined) out[name] = convert === identity ? field : convert(field, currency);
    }
    return out;
  };
}
