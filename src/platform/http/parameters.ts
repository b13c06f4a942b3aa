import type { TSchema } from 'typebox';
import { type ObjectShape, objectShapeOf } from '../contract/schema/shape.ts';

/** Numbers as JSON writes them: no plus, no spaces, no other base, no leading zeros. */
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?$/i;
const INTEGER = /^-?(0|[1-9]\d*)$/;

/**
 * The parameters of a query or a path, with numbers and booleans parsed from the one form that OpenAPI documents. A
 * value in another form stays a text, which the schema then rejects.
 */
export function readParameters(schema: object, given: unknown): unknown {
  if (given === null || typeof given !== 'object') return given;
  const properties = objectShapeOf(schema as TSchema).properties ?? {};
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [
      name,
      typeof value === 'string' && Object.hasOwn(properties, name) ? read(properties[name], value) : value,
    ]),
  );
}

function read({ type, anyOf = [] }: ObjectShape = {}, text: string): unknown {
  const types = [type ?? anyOf.map((branch) => branch.type ?? [])].flat(2);
  if (types.includes('integer') && INTEGER.test(text)) return Number(text);
  if (types.includes('number') && NUMBER.test(text)) return Number(text);
  if (types.includes('boolean') && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}
