import type { TSchema } from 'typebox';

/** A schema as JSON Schema, for whoever walks through one. TypeBox's own type says nothing about its fields. */
export interface ObjectShape extends TSchema {
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, ObjectShape>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | ObjectShape;
  readonly items?: ObjectShape;
  readonly anyOf?: readonly ObjectShape[];
  readonly description?: string;
  readonly pattern?: string;
  readonly writeOnly?: boolean;
  /** A page of a list, see `PageOf`. */
  readonly page?: boolean;
  /** A file, see `Download`. */
  readonly download?: boolean;
}

/** The same schema, with its fields to be read. */
export const objectShapeOf = (schema: TSchema): ObjectShape => schema;

/** What a list holds. */
export function itemOf(page: TSchema): ObjectShape {
  const { items } = objectShapeOf(page).properties ?? {};
  if (!items?.items) throw new Error('this schema is no page of a list');
  return items;
}
