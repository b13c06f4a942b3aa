import type { TSchema } from 'typebox';
import { fromDecimal, type Minor, toDecimalText } from './money.ts';

/**
 * Converts between JSON and internal values. Both directions are compiled once from a contract's schema: `decode` turns
 * decimal amounts into minor units; `encode` prints minor units with two digits and drops every field that the schema
 * does not name, so that no internal field is sent by mistake.
 */
export interface Codec {
  /** A validated JSON value to the internal value. */
  decode(json: unknown): unknown;
  /** An internal value to the value that `JSON.stringify` prints. */
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

// JSON.rawJSON (V8) prints 1300 as 1300.00; TypeScript's library does not declare it yet.
const rawJSON = (JSON as unknown as { rawJSON: (text: string) => object }).rawJSON;

const identity: Convert = (value) => value;

const codecs = new WeakMap<TSchema, Codec>();

/** The codec of a schema, compiled at the first call. */
export function codecOf(schema: TSchema): Codec {
  const known = codecs.get(schema);
  if (known) return known;
  const codec = { decode: decoder(schema as Node), encode: encoder(schema as Node) };
  codecs.set(schema, codec);
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
    return item === identity ? identity : (value) => (Array.isArray(value) ? value.map(item) : value);
  }
  if (node.properties) return objectDecoder(node.properties);
  if (node.anyOf) return node.anyOf.map(decoder).find((convert) => convert !== identity) ?? identity;
  return identity;
}

function objectDecoder(properties: Record<string, Node>): Convert {
  const fields = Object.entries(properties)
    .map(([name, node]) => [name, decoder(node)] as const)
    .filter(([, convert]) => convert !== identity);
  if (fields.length === 0) return identity;
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
    return item === identity ? identity : (value) => (Array.isArray(value) ? value.map(item) : value);
  }
  if (node.properties) return objectEncoder(node.properties);
  if (node.anyOf) return node.anyOf.map(encoder).find((convert) => convert !== identity) ?? identity;
  return identity;
}

function objectEncoder(properties: Record<string, Node>): Convert {
  const fields = Object.entries(properties).map(([name, node]) => ({ name, convert: encoder(node) }));
  return (value) => {
    if (value === null || typeof value !== 'object') return value;
    const from = value as Record<string, unknown>;
    const out: Record<string, unknown> = {};
    for (const { name, convert } of fields) {
      const field = from[name];
      if (field !== undefined) out[name] = convert === identity ? field : convert(field);
    }
    return out;
  };
}
