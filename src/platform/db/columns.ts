/** The types of columns that keep a field of a state. */
type ColumnFor<V> =
  NonNullable<V> extends boolean
    ? 'boolean'
    : NonNullable<V> extends number
      ? 'bigint' | 'integer'
      : NonNullable<V> extends string
        ? 'text' | 'timestamptz' | 'uuid'
        : 'json' | 'jsonb';

/**
 * The columns of a table, one for each field of its state, by their names; `version` is every table's own. A field that
 * is left out does not compile, nor does a column that no field has, nor a type that cannot keep the field. Both stores
 * read their columns from it. `Skip` names fields that the table does not keep.
 */
export type Columns<S, Skip extends keyof S = never> = {
  readonly [Field in Exclude<keyof S, 'version' | Skip>]-?: ColumnFor<S[Field]>;
};

/** The columns that are kept as JSON. */
export const jsonColumns = (columns: Readonly<Record<string, string>>): string[] =>
  Object.keys(columns).filter((name) => columns[name] === 'json' || columns[name] === 'jsonb');
