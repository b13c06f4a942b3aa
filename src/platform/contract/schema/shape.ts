import type { TSchema } from 'typebox';

/** A schema typed as JSON Schema, to traverse it. TypeBox's own type does not declare these fields. */
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

/** The same schema, typed. */
export const objectShapeOf = (schema: TSchema): ObjectShape => schema;

/** The schema of the items of a page. */
export function itemOf(page: TSchema): ObjectShape {
  const { items } = objectShapeOf(page).properties ?? {};
  if (!items?.items) throw new Error('this schema is not a page of a list');
  return items;
}
