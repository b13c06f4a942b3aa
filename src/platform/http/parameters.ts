import type { TSchema } from 'typebox';
import { type ObjectShape, objectShapeOf } from '../contract/schema/shape.ts';

/** Numbers as JSON writes them: no plus, no spaces, no other base, no leading zeros. */
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?$/i;
const INTEGER = /^-?(0|[1-9]\d*)$/;

type Read = (text: string) => unknown;

/**
 * A reader of the parameters of a query or a path: numbers and booleans are parsed from the one form that OpenAPI
 * documents. A value in another form stays a text, which the schema then rejects.
 */
export function parameterReader(schema: object): (given: unknown) => unknown {
  const properties = objectShapeOf(schema as TSchema).properties ?? {};
  const readers = Object.entries(properties).flatMap(([name, shape]): [string, Read][] => {
    const read = readerOf(shape);
    return read ? [[name, read]] : [];
  });
  return (given) => {
    if (given === null || typeof given !== 'object') return given;
    let read: Record<string, unknown> | undefined;
    for (const [name, readText] of readers) {
      const value: unknown = Object.hasOwn(given, name) ? given[name as keyof typeof given] : undefined;
      if (typeof value !== 'string') continue;
      read ??= { ...given };
      read[name] = readText(value);
    }
    return read ?? given;
  };
}

/** Undefined for what stays a text. */
function readerOf({ type, anyOf = [] }: ObjectShape): Read | undefined {
  const types = [type ?? anyOf.map((branch) => branch.type ?? [])].flat(2);
  const [integer, number, boolean] = ['integer', 'number', 'boolean'].map((one) => types.includes(one));
  if (!integer && !number && !boolean) return undefined;
  return (text) => {
    if ((integer && INTEGER.test(text)) || (number && NUMBER.test(text))) return Number(text);
    if (boolean && (text === 'true' || text === 'false')) return text === 'true';
    return text;
  };
}
