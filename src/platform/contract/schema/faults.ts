import type { ErrorObject } from 'ajv';
import type { InputFault } from '../errors.ts';
import { shopCurrency } from '../money/currencies.ts';
import { amountForm } from '../money.ts';
import { nearest } from './nearest.ts';
import { type ObjectShape, objectShapeOf } from './shape.ts';
import { looksEmpty } from './text.ts';

/** The part of a request; values of a query and of a path are text. */
export type InputPart = 'body' | 'query' | 'path';

// A query may have a thousand unknown parameters.
const MAX_ERRORS = 200;

/** The errors of ajv (with `verbose`) as readable faults, one for each pointer. */
export function faultsIn(errors: readonly ErrorObject[], part: InputPart): InputFault[] {
  const faults = withoutBranches(errors.slice(0, MAX_ERRORS)).map((error) => faultOf(error, part));
  // An empty text does not match its pattern either: the first fault of a pointer is enough.
  const first = new Map(faults.toReversed().map((fault) => [fault.pointer, fault]));
  return faults.filter((fault) => first.get(fault.pointer) === fault);
}

/** All faults in one sentence: `item 2: quantity must be at least 1; name is missing`. */
export function inputFaultSentence(faults: readonly InputFault[], part: InputPart): string {
  return faults.map(({ pointer, detail }) => `${placeOf(pointer, part)} ${detail}`).join('; ');
}

/** `/items/1/quantity` in words: `item 2: quantity`. */
function placeOf(pointer: string, part: InputPart): string {
  if (pointer === '') return part === 'body' ? 'the body' : `the ${part}`;
  const names = pointer.slice(1).split('/');
  const words = names.map((name, index) => {
    const text = name.replaceAll('~1', '/').replaceAll('~0', '~');
    return index > 0 && /^\d+$/.test(name) ? `item ${Number(name) + 1}` : text;
  });
  return words
    .filter((word, index) => !(word === 'items' && words[index + 1]?.startsWith('item ')))
    .reduce((place, word) => {
      if (word.startsWith('item ')) return `${place}, ${word}`;
      return /(^|, )item \d+$/.test(place) ? `${place}: ${word}` : `${place}.${word}`;
    });
}

// A value that matches no branch of a union has a fault in each. Only the faults of the branch with its type are
// reported; without such a branch, the fault of the union.
function withoutBranches(errors: readonly ErrorObject[]): ErrorObject[] {
  const unions = errors.filter(({ keyword }) => keyword === 'anyOf');
  return unions.reduce<ErrorObject[]>(
    (left, union) => {
      const inside = (error: ErrorObject): boolean => error.schemaPath.startsWith(`${union.schemaPath}/`);
      const here = (error: ErrorObject): boolean => inside(error) && error.instancePath.startsWith(union.instancePath);
      const branches = objectShapeOf(union.parentSchema ?? {}).anyOf ?? [];
      const meant = branches.flatMap((branch, index) =>
        branch.const === undefined && takesType(branch, union.data) ? [index] : [],
      );
      if (meant.length !== 1) return left.filter((error) => !here(error));
      const branch = `${union.schemaPath}/${meant[0]}/`;
      return left.filter((error) => error !== union && (!here(error) || error.schemaPath.startsWith(branch)));
    },
    [...errors],
  );
}

function takesType({ type }: ObjectShape, value: unknown): boolean {
  const given = typeOf(value);
  return [type ?? []].flat().some((one) => one === given || (one === 'integer' && given === 'number'));
}

function faultOf(error: ErrorObject, part: InputPart): InputFault {
  const { keyword, instancePath, params } = error;
  const where = part === 'body' ? {} : { in: part };
  if (keyword === 'required') {
    return { pointer: `${instancePath}/${segment(String(params.missingProperty))}`, detail: 'is missing', ...where };
  }
  if (keyword === 'additionalProperties') {
    const name = String(params.additionalProperty);
    return { pointer: `${instancePath}/${segment(name)}`, detail: unknownField(name, error, part), ...where };
  }
  return { pointer: instancePath, detail: detailOf(error, part), ...where };
}

const segment = (name: string): string => name.slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1');

function unknownField(name: string, { parentSchema }: ErrorObject, part: InputPart): string {
  const known = Object.keys(objectShapeOf(parentSchema ?? {}).properties ?? {});
  const meant = nearest(name, known);
  const what = part === 'body' ? 'is not a field of this request' : 'is not a parameter of this request';
  return meant === undefined ? what : `${what} (did you mean '${meant}'?)`;
}

function detailOf(error: ErrorObject, part: InputPart): string {
  const schema = objectShapeOf(error.parentSchema ?? {});
  const { keyword, params, data, message } = error;
  if (part !== 'body' && Array.isArray(data)) return 'is given more than once';
  switch (keyword) {
    case 'type':
    case 'anyOf':
      return `must be ${expected(schema)}${given(data, schema, part)}`;
    case 'const':
    case 'enum':
      return oneOf(schema, data);
    case 'minimum':
    case 'maximum':
      return `must be at ${keyword === 'minimum' ? 'least' : 'most'} ${params.limit}`;
    case 'minLength':
    case 'maxLength':
      return amount(keyword, params.limit, 'character', 'characters');
    case 'minItems':
    case 'maxItems':
      return amount(keyword, params.limit, 'entry', 'entries');
    case 'uniqueItems':
      return `must have no entry twice; entries ${Math.min(params.i, params.j) + 1} and ${Math.max(params.i, params.j) + 1} are the same`;
    case 'pattern':
    case 'format':
      return formOf(schema, data);
    default:
      return message ?? 'is not valid';
  }
}

function amount(keyword: string, limit: number, one: string, many: string): string {
  return `must have at ${keyword.startsWith('min') ? 'least' : 'most'} ${limit} ${limit === 1 ? one : many}`;
}

function oneOf(schema: ObjectShape, data: unknown): string {
  const words = wordsOf(schema);
  const meant = typeof data === 'string' ? nearest(data, words) : undefined;
  const choice = words.length === 1 ? `must be ${words[0]}` : `must be one of ${words.join(', ')}`;
  return meant === undefined ? choice : `${choice} (did you mean '${meant}'?)`;
}

/** The values of an enumeration; none when the schema accepts others too. */
function wordsOf(schema: ObjectShape): string[] {
  if (schema.const !== undefined) return [String(schema.const)];
  if (schema.enum) return schema.enum.map(String);
  const branches = (schema.anyOf ?? []).map(wordsOf);
  return branches.every((words) => words.length > 0) ? branches.flat() : [];
}

function formOf(schema: ObjectShape, data: unknown): string {
  if (schema.format === 'money') return `must be an ${amountForm(shopCurrency())}`;
  if (schema.format === 'visible-line' && typeof data === 'string' && looksEmpty(data)) {
    return 'must not be empty; it holds nothing that can be seen';
  }
  if (schema.format === 'line' || schema.format === 'visible-line') {
    if (schema.pattern === undefined || schema.pattern === '\\S') {
      return 'must be one line of text, without control characters or halves of characters';
    }
  }
  return schema.description === undefined ? 'is not valid' : `must be ${schema.description}`;
}

const TYPES: Record<string, string> = {
  string: 'a string',
  integer: 'an integer',
  number: 'a number',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
  null: 'null',
};

/** What a schema accepts, in words: `an object, or null`. */
function expected(schema: ObjectShape): string {
  const words = wordsOf(schema);
  if (words.length > 1) return `one of ${words.join(', ')}`;
  if (words.length === 1) return words[0] ?? '';
  const branches = schema.anyOf
    ? schema.anyOf.map(expected)
    : [schema.type ?? []].flat().map((one) => TYPES[one] ?? one);
  return [...new Set(branches)].join(', or ');
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

// The given value is described by its type; a password that was sent as a number is not repeated.
function given(value: unknown, schema: ObjectShape, part: InputPart): string {
  const type = typeOf(value);
  if (part !== 'body') {
    if (value === '') return ' (nothing is given)';
    return ` ('${String(value).slice(0, 40)}' is given${otherForm(schema, String(value))})`;
  }
  if (type === 'number' && !schema.writeOnly) return ` (${value} is given)`;
  const quotes = type === 'string' && readsAs(schema, value as string) ? '; leave out the quotes' : '';
  return ` (${type === 'boolean' ? 'true or false' : TYPES[type]} is given${quotes})`;
}

function readsAs(schema: ObjectShape, text: string): boolean {
  const types = [schema.type ?? (schema.anyOf ?? []).map((branch) => branch.type ?? [])].flat(2);
  if (types.includes('boolean') && /^(true|false)$/.test(text)) return true;
  return types.some((type) => type === 'integer' || type === 'number') && /^-?\d+(\.\d+)?$/.test(text);
}

/** The documented form of a number in another form: `1e2`, `0x10`, `+5`, a leading space. */
function otherForm(schema: ObjectShape, text: string): string {
  const types = [schema.type ?? (schema.anyOf ?? []).map((branch) => branch.type ?? [])].flat(2);
  const value = text.trim() === '' ? Number.NaN : Number(text);
  const fits = types.includes('number')
    ? Number.isFinite(value)
    : types.includes('integer') && Number.isSafeInteger(value);
  return fits ? `; write it as ${value}` : '';
}
