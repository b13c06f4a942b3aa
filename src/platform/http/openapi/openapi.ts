import type { TSchema } from 'typebox';
import { type Contract, MAX_BODY, type Op } from '../../contract/contract.ts';
import { itemOf, objectShapeOf } from '../../contract/schema/shape.ts';
import { inputParts } from '../route-shape.ts';
import { type Components, components } from './components.ts';
import { conditionParameters, describedHeaders, notModified } from './conditions.ts';
import { examplesOf, type ResponseExamples } from './examples.ts';
import { INTRODUCTION } from './introduction.ts';
import { failures, INPUT_FAULT, PROBLEM, PROBLEMS } from './responses.ts';

/** The OpenAPI 3.1 document of some contracts; operations between services are not in it. */
export function openapi(contracts: readonly Contract[], title: string, version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  const named = components();
  const addresses = contracts.flatMap(({ ops }) => Object.values(ops).flatMap(pathsOf));
  for (const contract of contracts) {
    const answers = examplesOf(contract);
    for (const [name, op] of Object.entries(contract.ops)) {
      if (op.access === 'internal') continue;
      for (const path of pathsOf(op)) {
        const about = { contract, op, path, twin: twinOf(path, addresses), named, examples: answers[name] ?? {} };
        paths[path] = { ...paths[path], [op.method.toLowerCase()]: operation(about) };
      }
    }
  }
  return {
    openapi: '3.1.0',
    info: { title, version, description: INTRODUCTION, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/', description: 'where this document comes from' }],
    tags: headingsOf(contracts).map(({ name, summary }) => ({
      name,
      description: summary,
      'x-displayName': capital(name),
    })),
    paths,
    components: {
      schemas: { ...named.schemas, Problem: PROBLEM, InputFault: INPUT_FAULT },
      responses: PROBLEMS,
      securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  };
}

interface Heading {
  readonly name: string;
  readonly summary: string;
}

// The headings of services first, in the order of the contracts.
function headingsOf(contracts: readonly Contract[]): Heading[] {
  const open = contracts.flatMap((contract) =>
    Object.values(contract.ops)
      .filter(({ access }) => access !== 'internal')
      .map((op) => op.heading ?? contract),
  );
  const shared = (one: Heading) => !contracts.some(({ name }) => name === one.name);
  const byName = new Map([...open.filter((one) => !shared(one)), ...open.filter(shared)].map((one) => [one.name, one]));
  return [...byName.values()];
}

interface OperationContext {
  readonly contract: Contract;
  readonly op: Op;
  readonly path: string;
  /** Another path of the same form; a parameter of digits only decides between the two. */
  readonly twin: string | undefined;
  readonly named: Components;
  /** Example responses, by status. */
  readonly examples: ResponseExamples[string];
}

const pathsOf = (op: Op): string[] => [op.path, ...(op.aliases ?? [])];

const formOf = (path: string): string => path.replaceAll(/\{\w+\}/g, '{}');

function twinOf(path: string, all: readonly string[]): string | undefined {
  return all.find((other) => other !== path && formOf(other) === formOf(path));
}

function operation({ contract, op, path, twin, named, examples }: OperationContext): object {
  const { params, rest, alsoQuery } = inputParts(op);
  const inBody = op.method !== 'GET' && op.method !== 'DELETE';
  const hasBody = inBody && Object.keys(rest.properties).length > 0;
  const isAlias = path !== op.path;
  const id = identifier(op.id);
  return {
    tags: [(op.heading ?? contract).name],
    operationId: isAlias ? `${id}At${capital(identifier(path.replaceAll(/\{\w+\}/g, '')))}` : id,
    summary: op.summary,
    description: descriptionOf(op, { isAlias, path, twin }),
    // The reference shows an operation once and names its other paths there.
    ...(isAlias && { 'x-scalar-ignore': true }),
    security: op.access === 'public' ? (op.tokenWelcome ? [{}, { token: [] }] : []) : [{ token: [] }],
    parameters: [
      ...parametersOf(named, params.properties, 'path', () => true),
      ...(inBody
        ? []
        : parametersOf(
            named,
            rest.properties,
            'query',
            (name) => objectShapeOf(rest).required?.includes(name) === true,
          )),
      ...parametersOf(named, alsoQuery?.properties ?? {}, 'query', () => false),
      ...(op.signedBy ? [{ name: op.signedBy, in: 'header', required: true, schema: { type: 'string' } }] : []),
      ...(op.idempotent ? [IDEMPOTENCY_KEY] : []),
      ...(op.stream && op.access !== 'public' ? [ACCESS_TOKEN] : []),
      ...conditionParameters(contract, op),
    ],
    ...(hasBody && { requestBody: bodyOf(op, rest, named) }),
    responses: {
      [String(op.status ?? 200)]: success({ contract, op, named }, examples[op.status ?? 200]),
      // A resource that already existed is returned with 200.
      ...(op.existing && { 200: success({ contract, op, named }, examples[200]) }),
      ...notModified(contract, op),
      ...failures(contract, op, hasBody),
    },
  };
}

function bodyOf(op: Op, body: TSchema, named: Components): object {
  // The sender defines what a signed body contains; the input of the operation is the body as text.
  const schema = op.signedBy ? { type: 'object' } : named.of(body, `${capital(identifier(op.id))}Request`);
  const content = { schema, ...(op.example && { example: op.example }) };
  const required = op.signedBy !== undefined || (objectShapeOf(body).required ?? []).length > 0;
  return {
    required,
    description: `at most ${(op.maxBody ?? MAX_BODY) / 1024} kB`,
    content: { 'application/json': content },
  };
}

const ACCESS_SENTENCES = {
  public: 'Open to everyone.',
  customer: 'Needs a token.',
  staff: 'For staff.',
  admin: 'For admins.',
  internal: '',
} as const;

function descriptionOf(
  op: Op,
  { isAlias, path, twin }: { isAlias: boolean; path: string; twin?: string | undefined },
): string {
  const others = op.aliases ?? [];
  return [
    ACCESS_SENTENCES[op.access],
    isAlias && `The same as ${op.method} ${op.path}.`,
    !isAlias && others.length > 0 && `Also at ${others.join(', ')}.`,
    op.scope !== undefined && `OAuth2 clients need the scope ${op.scope}.`,
    twin !== undefined &&
      (isNumber(op, path)
        ? `Digits alone are an id; anything else is a name, for ${twin}.`
        : `Anything but digits alone is a name; digits alone are an id, for ${twin}.`),
  ]
    .filter((sentence) => sentence)
    .join(' ');
}

const isNumber = (op: Op, path: string): boolean =>
  [...path.matchAll(/\{(\w+)\}/g)].some(
    ([, name = '']) => objectShapeOf(op.input).properties?.[name]?.type === 'integer',
  );

/** `order.place` and `/api/v1/orders` as a name that every language takes: `orderPlace`, `apiV1Orders`. */
function identifier(text: string): string {
  const words = text.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  return words.map((word, index) => (index === 0 ? word : capital(word))).join('');
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

function success(
  { contract, op, named }: Pick<OperationContext, 'contract' | 'op' | 'named'>,
  example: unknown,
): object {
  const { download, page, properties } = objectShapeOf(op.output);
  if (op.status === 204) return { description: 'done' };
  const headers = describedHeaders(contract, op);
  if (download) return { ...file((properties?.type?.enum ?? []) as readonly string[]), headers };
  if (op.stream) {
    const description = 'server-sent events; the schema is that of the JSON in the `data` of each';
    return { description, content: { 'text/event-stream': { schema: named.of(op.output, answerName(op)) } } };
  }
  const schema = named.of(page ? itemOf(op.output) : op.output, answerName(op));
  return { description: op.summary, headers, content: { 'application/json': { schema, example } } };
}

const answerName = (op: Op): string => `${capital(identifier(op.id))}Response`;

function file(types: readonly string[]): object {
  const content = types.map((type) => [type, { schema: { type: 'string', format: 'binary' } }]);
  return { description: 'the file', content: Object.fromEntries(content) };
}

function parametersOf(
  named: Components,
  properties: Record<string, TSchema>,
  place: string,
  required: (name: string) => boolean,
): object[] {
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: place,
    required: required(name),
    schema: named.of(schema),
  }));
}

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'the same key and body give the first answer again',
  schema: { type: 'string', maxLength: 255 },
};

const ACCESS_TOKEN = {
  name: 'access_token',
  in: 'query',
  required: false,
  description: 'the access token, for a client that cannot send headers, as the EventSource of a browser',
  schema: { type: 'string' },
};
