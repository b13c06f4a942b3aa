import type { TSchema } from 'typebox';
import { fromDecimal, type Minor, toDecimalText } from './money.ts';

/**
 * Between the JSON outside and the values inside. Both directions are compiled once from a contract's schema:
 * `decode` turns decimal amounts into minor units, `encode` prints minor units with two digits and drops
 * every field that the schema does not name, so that nothing internal can leave by oversight.
 */
export interface Codec {
  /** A validated JSON value to the value inside. */
  decode(json: unknown): unknown;
  /** A value inside to what `JSON.stringify` prints for the outside. */
  encode(value: unknown): unknown;
}

type Convert = (value: unknown) => unknown;

interface Node {
  type?: string;
  format?: string;
  properties?: Record<string, Node>;
  items?: Node;
  anyOf?: Node[];
}

// JSON.rawJSON (V8) is what lets 1300 go out as 1300.00; TypeScript's library does not know it yet.
const rawJSON = (JSON as unknown as { rawJSON: (text: string) => object }).rawJSON;

const same: Convert = (value) => value;

const compiled = new WeakMap<TSchema, Codec>();

/** The codec of a schema, compiled at the first call. */
export function codecOf(schema: TSchema): Codec {
  const known = compiled.get(schema);
  if (known) return known;
  const codec = { decode: decoder(schema as Node), encode: encoder(schema as Node) };
  compiled.set(schema, codec);
  return codec;
}

/** JSON text of a value, as the schema says. */
export function toJson(schema: TSchema, value: unknown): string {
  return JSON.stringify(codecOf(schema).encode(value));
}

function decoder(node: Node): Convert {
  if (node.format === 'money') return (value) => (value == null ? value : fromDecimal(value as number));
  if (node.items) {
    const item = decoder(node.items);
    return item === same ? same : (value) => (Array.isArray(value) ? value.map(item) : value);
  }
  if (node.properties) return objectDecoder(node.properties);
  if (node.anyOf) return node.anyOf.map(decoder).find((convert) => convert !== same) ?? same;
  return same;
}

function objectDecoder(properties: Record<string, Node>): Convert {
  const fields = Object.entries(properties)
    .map(([name, node]) => [name, decoder(node)] as const)
    .filter(([, convert]) => convert !== same);
  if (fields.length === 0) return same;
  return (value) => {
    if (value === null || typeof value !== 'object') return value;
    const copy = { ...value } as Record<string, unknown>;
    for (const [name, convert] of fields) if (name in copy) copy[name] = convert(copy[name]);
    return copy;
  };
}

function encoder(node: Node): Convert {
  if (node.format === 'money') return (value) => (value == null ? value : rawJSON(toDecimalText(value as Minor)));
  if (node.items) {
    const item = encoder(node.items);
    return item === same ? same : (value) => (Array.isArray(value) ? value.map(item) : value);
  }
  if (node.properties) return objectEncoder(node.properties);
  if (node.anyOf) return node.anyOf.map(encoder).find((convert) => convert !== same) ?? same;
  return same;
}

function objectEncoder(properties: Record<string, Node>): Convert {
  const fields = Object.entries(properties).map(([name, node]) => ({ name, convert: encoder(node) }));
  return (value) => {
    if (value === null || typeof value !== 'object') return value;
    const from = value as Record<string, unknown>;
    const out: Record<string, unknown> = {};
    for (const { name, convert } of fields) {
      const field = from[name];
      if (field !== undefined) out[name] = convert === same ? field : convert(field);
    }
    return out;
  };
}
