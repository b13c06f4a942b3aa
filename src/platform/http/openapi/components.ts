import type { TSchema } from 'typebox';

/**
 * The named schemas of a document. A schema with a title is written once, under that name, and referenced wherever it
 * is used.
 */
export interface Components {
  /** The schema as it stands in the document: a reference when it has a name, which `name` can give it. */
  of(schema: TSchema, name?: string): object;
  readonly schemas: Readonly<Record<string, object>>;
}

interface Json {
  readonly [key: string]: unknown;
}

export const schemaRef = (name: string) => ({ $ref: `#/components/schemas/${name}` });

/** Collects named schemas. Throws when one name stands for two different ones. */
export function components(): Components {
  const schemas: Record<string, object> = {};

  function named(name: string, schema: Json): object {
    const { title: _title, ...rest } = schema;
    const written = inner(rest);
    const known = schemas[name];
    if (known && JSON.stringify(known) !== JSON.stringify(written)) {
      throw new Error(`two schemas are called ${name}; give one of them another title`);
    }
    schemas[name] = written;
    return schemaRef(name);
  }

  function written(schema: Json): object {
    const { title } = schema;
    if (typeof title !== 'string') return inner(schema);
    if (!Array.isArray(schema.type)) return named(title, schema);
    // The schema, or null: the name is that of the schema.
    return { anyOf: [named(title, { ...schema, type: schema.type[0] }), { type: 'null' }] };
  }

  function inner(schema: Json): object {
    // Internal markers, which are not JSON Schema.
    const { page: _page, download: _download, ...rest } = schema;
    return Object.fromEntries(Object.entries(withWidth(rest)).map(([key, value]) => [key, part(key, value)]));
  }

  function part(key: string, value: unknown): unknown {
    if (key === 'properties') {
      return Object.fromEntries(
        Object.entries(value as Record<string, Json>).map(([name, one]) => [name, written(one)]),
      );
    }
    if (key === 'items') return written(value as Json);
    if (key === 'anyOf') return (value as Json[]).map(written);
    return value;
  }

  return {
    schemas,
    of(schema, name) {
      // Drops undefined values, which are not JSON Schema.
      const json = JSON.parse(JSON.stringify(schema)) as Json;
      return name !== undefined && json.title === undefined && json.properties ? named(name, json) : written(json);
    },
  };
}

const LARGEST_INT32 = 2 ** 31 - 1;

/**
 * A number with the width that it needs. Without one, generators for Go, Java or C# take 32 bits, in which an id does
 * not fit and an amount loses its cents.
 */
function withWidth(schema: Json): Json {
  if (schema.format === 'money') return { ...schema, format: 'double' };
  const isWide = [schema.type].flat().includes('integer') && !(Number(schema.maximum) <= LARGEST_INT32);
  return isWide ? { ...schema, format: 'int64' } : schema;
}
