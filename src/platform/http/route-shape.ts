import { type TObject, Type } from 'typebox';
import type { Op } from '../contract/contract.ts';
import { invalid } from '../contract/errors.ts';
import { objectShapeOf } from '../contract/schema/shape.ts';

/** How an operation's one flat input is spread over path, query and body. */
export interface InputParts {
  readonly params: TObject;
  readonly rest: TObject;
  /** What a body is checked with: what was read may be written back, and then it names again what the path names. */
  readonly body: TObject;
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
  const [params, rest] = [pick(true), pick(false)];
  const again = op.method === 'PUT' || op.method === 'PATCH' ? Type.Partial(params).properties : {};
  const body = Type.Object({ ...again, ...rest.properties }, { additionalProperties: false });
  return { params, rest, body, pathNames, alsoQuery };
}

/** Throws TRADEPOST_INVALID for a body that names another thing than its path. */
export function mustFitPath(body: object, params: object): void {
  for (const [name, value] of Object.entries(params)) {
    const sent = (body as Readonly<Record<string, unknown>>)[name];
    if (sent === undefined || sent === value) continue;
    const detail = `is ${value} in the path: leave it out of the body, or send the same`;
    throw invalid(`${name} ${detail}`, [{ pointer: `/${name}`, detail }]);
  }
}

/** The path for the router: an integer parameter matches digits only, so that another route may take a name there. */
export function routePath(op: Op, path: string): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) =>
    objectShapeOf(op.input).properties?.[name]?.type === 'integer' ? `:${name}(^\\d+$)` : `:${name}`,
  );
}
