import type { Op } from '../../src/platform/contract/contract.ts';
import { inputParts } from '../../src/platform/http/route-shape.ts';
import { contracts } from '../../src/testing/system.ts';

/** As much of a JSON Schema as the contracts use. */
interface Shape {
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
}

/** Every operation that the outside can call. */
export const operations: readonly Op[] = contracts
  .flatMap(({ ops }) => Object.values(ops))
  .filter(({ access }) => access !== 'internal');

export const internal: readonly Op[] = contracts
  .flatMap(({ ops }) => Object.values(ops))
  .filter(({ access }) => access === 'internal');

export const hasBody = ({ method }: Op): boolean => method !== 'GET' && method !== 'DELETE';

/** Whether its body is what its contract describes, and not any bytes that somebody else has signed. */
export const isDescribed = ({ signedBy }: Op): boolean => signedBy === undefined;

/** The fields of an operation's body, or of its query. */
export function fieldsOf(op: Op): Readonly<Record<string, Shape>> {
  return inputParts(op).rest.properties as Readonly<Record<string, Shape>>;
}

/** The address of an operation with these parameters, `1` where none is given. */
export function pathOf(op: Op, parameters: Readonly<Record<string, string>> = {}): string {
  return op.path.replace(/\{(\w+)\}/g, (_, name: string) => parameters[name] ?? '1');
}

// Where a value of the right type is not enough.
const SAMPLES: Readonly<Record<string, unknown>> = {
  username: 'mallory',
  password: 'password123',
  current_password: 'password123',
  new_password: 'password123',
  refresh_token: 'never-given-out',
  email: 'mallory@example.com',
  phone: '+1 555 0100',
  locale: 'en',
  country: 'DE',
  currency: 'USD',
  product_id: 2,
};

/** A value that a field takes. */
export function sampleOf(name: string, shape: Shape): unknown {
  if (shape.const !== undefined) return shape.const;
  if (shape.enum) return shape.enum[0];
  if (name in SAMPLES) return SAMPLES[name];
  if (shape.anyOf) return sampleOf(name, shape.anyOf[0] ?? {});
  if (shape.properties) return sampleOfAll(shape.properties);
  if (shape.items) return [sampleOf('', shape.items)];
  const [type] = [shape.type ?? 'string'].flat();
  if (type === 'integer' || type === 'number') return Math.max(1, shape.minimum ?? 1);
  return type === 'boolean' ? true : 'something'.slice(0, shape.maxLength ?? 20);
}

export function sampleOfAll(properties: Readonly<Record<string, Shape>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(properties).map(([name, shape]) => [name, sampleOf(name, shape)]));
}

/** A whole body that an operation takes. */
export function bodyOf(op: Op): Record<string, unknown> {
  const { items, transaction_ids: _ids, ...rest } = sampleOfAll(fieldsOf(op));
  // Of two ways to say the same, one: a product or lines, an invoice or its transactions.
  return items === undefined || 'product_id' in rest ? rest : { items, ...rest };
}

const NUMBERS = ['-1', '-0.5', '1.5', '1e308', '1e999', '9007199254740992', '"1"', 'true', '[]', '{}', '{"$ne":null}'];
const TEXTS = ['0', 'true', '[]', '["a"]', '{}', '{"$ne":null}'];

/** JSON texts that a field must not take. */
export function wrongFor(shape: Shape): string[] {
  if (shape.anyOf) {
    const lists = shape.anyOf.filter(({ type }) => type !== 'null').map(wrongFor);
    const nullable = shape.anyOf.some(({ type }) => type === 'null');
    return (lists[0] ?? []).filter((one) => lists.every((list) => list.includes(one)) && !(nullable && one === 'null'));
  }
  const types = [shape.type ?? []].flat();
  const none = types.includes('null') ? [] : ['null'];
  if (shape.format === 'money') return [...NUMBERS.filter((one) => one !== '1.5'), ...none, '0.001', '-0.01', '1e-3'];
  if (types.includes('integer')) {
    const signed = (shape.minimum ?? 0) < 0;
    return [...NUMBERS.filter((one) => !signed || one !== '-1'), ...none, ...((shape.minimum ?? 0) > 0 ? ['0'] : [])];
  }
  if (types.includes('number')) return ['"1"', 'true', '[]', '{}', ...none];
  if (types.includes('boolean')) return ['0', '1', '"true"', '[]', '{}', ...none];
  if (types.includes('array')) return [...wrongArrays(shape), ...none];
  if (types.includes('object')) return ['0', '"x"', 'true', '[]', '[[]]', '{"no_such_field":1}', ...none];
  return [...TEXTS, ...none, ...wrongTexts(shape)];
}

function wrongArrays({ items, minItems, maxItems }: Shape): string[] {
  const entry = JSON.stringify(sampleOf('', items ?? {}));
  const tooMany = maxItems === undefined ? [] : [`[${Array(maxItems + 1).fill(entry)}]`];
  const inside = items?.properties ? insideOf(items).map((one) => `[${one}]`) : [];
  return ['{}', '"x"', '1', '[null]', '[1]', '[[]]', ...(minItems ? ['[]'] : []), ...tooMany, ...inside];
}

function insideOf(shape: Shape): string[] {
  const right = sampleOfAll(shape.properties ?? {});
  const swapped = Object.entries(shape.properties ?? {}).flatMap(([name, field]) =>
    wrongFor(field).map((wrong) => withField(right, name, wrong)),
  );
  return ['{}', withField(right, 'no_such_field', '1'), withField(right, '__proto__', '{}'), ...swapped];
}

function wrongTexts({ minLength, maxLength, enum: values, const: one, pattern }: Shape): string[] {
  const texts: string[] = [];
  if (minLength) texts.push('""');
  if (maxLength) texts.push(JSON.stringify('x'.repeat(maxLength + 1)), JSON.stringify('x'.repeat(50_000)));
  if (values || one !== undefined || pattern) texts.push(JSON.stringify('\u0000'));
  if (values || one !== undefined) texts.push('"no such value"', '""');
  return texts;
}

/** The JSON text of a body in which one field has exactly this text. */
export function withField(body: Readonly<Record<string, unknown>>, name: string, text: string): string {
  const others = Object.entries(body).filter(([key]) => key !== name);
  const fields = others.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  return `{${[...fields, `${JSON.stringify(name)}:${text}`].join(',')}}`;
}
