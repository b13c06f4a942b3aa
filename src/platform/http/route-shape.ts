import { type TObject, Type } from 'typebox';
import type { Op } from '../contract/contract.ts';
import { objectShapeOf } from '../contract/schema/shape.ts';

/** How an operation's one flat input is spread over path, query and body. */
export interface InputParts {
  readonly params: TObject;
  readonly rest: TObject;
  readonly pathNames: readonly string[];
  /** The fields of the body that may be sent in the query instead. */
  readonly alsoQuery: TObject | undefined;
}

/** Names in the path are path parameters; the rest is the query of a GET or DELETE, else the body. */
export function inputParts(op: Op): InputParts {
  const pathNames = [...op.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
  const entries = Object.entries(op.input.properties);
  const pick = (inPath: boolean) =>
    Type.Object(Object.fromEntries(entries.filter(([name]) => pathNames.includes(name) === inPath)), {
      additionalProperties: false,
    });
  const either = entries.filter(([name]) => op.alsoQuery?.includes(name));
  const alsoQuery = op.alsoQuery && Type.Object(Object.fromEntries(either), { additionalProperties: false });
  return { params: pick(true), rest: pick(false), pathNames, alsoQuery };
}

/** The path for the router: an integer parameter matches digits only, so that another route may take a name there. */
export function routePath(op: Op, path: string): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) =>
    objectShapeOf(op.input).properties?.[name]?.type === 'integer' ? `:${name}(^\\d+$)` : `:${name}`,
  );
}
