import type { TSchema } from 'typebox';
import { type Contract, MAX_BODY, type Op } from '../contract.ts';
import { itemOf, shapeOf } from '../schema/shape.ts';
import { inputParts } from './route-shape.ts';

/** The OpenAPI 3.1 document of some contracts; operations between services are not in it. */
export function openapi(contracts: readonly Contract[], title: string, version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const contract of contracts) {
    for (const op of Object.values(contract.ops)) {
      if (op.access === 'internal') continue;
      for (const path of [op.path, ...(op.aliases ?? [])]) {
        paths[path] = { ...paths[path], [op.method.toLowerCase()]: operation(contract, op, path) };
      }
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title,
      version,
      description: 'Order to cash: accounts, catalogue, orders, invoices, payments, deliveries and live figures.',
    },
    tags: contracts
      .filter(({ ops }) => Object.values(ops).some(({ access }) => access !== 'internal'))
      .map(({ name, summary }) => ({ name, description: summary })),
    paths,
    components: {
      schemas: { Problem: PROBLEM },
      responses: {
        Problem: {
          description: 'What went wrong',
          content: { 'application/problem+json': { schema: ref('Problem') } },
        },
      },
      securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  };
}

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

function operation(contract: Contract, op: Op, path: string): object {
  const { params, rest, alsoQuery } = inputParts(op);
  const inBody = op.method !== 'GET' && op.method !== 'DELETE';
  const hasBody = inBody && Object.keys(rest.properties).length > 0;
  return {
    tags: [contract.name],
    operationId: path === op.path ? op.id : `${op.id} ${path}`,
    summary: op.summary,
    ...(op.access === 'public' ? {} : { security: [{ token: [] }] }),
    parameters: [
      ...parametersOf(params.properties, 'path', () => true),
      ...(inBody ? [] : parametersOf(rest.properties, 'query', (name) => rest.required?.includes(name) === true)),
      ...parametersOf(alsoQuery?.properties ?? {}, 'query', () => false),
      ...(op.signedBy ? [{ name: op.signedBy, in: 'header', required: true, schema: { type: 'string' } }] : []),
      ...(op.idempotent ? [IDEMPOTENCY_KEY] : []),
      ...(op.stream && op.access !== 'public' ? [ACCESS_TOKEN] : []),
    ],
    ...(hasBody
      ? {
          requestBody: {
            required: true,
            description: `at most ${(op.maxBody ?? MAX_BODY) / 1024} kB`,
            content: { 'application/json': { schema: op.signedBy ? { type: 'object' } : clean(rest) } },
          },
        }
      : {}),
    responses: { [String(op.status ?? 200)]: success(op), default: { $ref: '#/components/responses/Problem' } },
  };
}

function success(op: Op): object {
  const { download, page, properties } = shapeOf(op.output);
  if (download) return file((properties?.type?.enum ?? []) as readonly string[]);
  if (op.status === 204) return { description: 'done' };
  if (op.stream) {
    const description = 'server-sent events; the schema is that of the JSON in the `data` of each';
    return { description, content: { 'text/event-stream': { schema: clean(op.output) } } };
  }
  const schema = clean(page ? itemOf(op.output) : op.output);
  const headers = page ? { Link: { description: 'RFC 8288, rel="next"', schema: { type: 'string' } } } : undefined;
  return { description: op.summary, headers, content: { 'application/json': { schema } } };
}

function file(types: readonly string[]): object {
  const content = types.map((type) => [type, { schema: { type: 'string', format: 'binary' } }]);
  return { description: 'the file', content: Object.fromEntries(content) };
}

function parametersOf(
  properties: Record<string, TSchema>,
  place: string,
  required: (name: string) => boolean,
): object[] {
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: place,
    required: required(name),
    schema: clean(schema),
  }));
}

// Drops TypeBox's symbols and undefined values, which are not JSON Schema.
function clean(schema: TSchema): unknown {
  return JSON.parse(JSON.stringify(schema));
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

const PROBLEM = {
  type: 'object',
  description: 'RFC 9457',
  required: ['type', 'title', 'status', 'detail', 'code', 'error', 'timestamp', 'request_id'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    instance: { type: 'string' },
    code: { type: 'string' },
    error: { type: 'string' },
    timestamp: { type: 'string', format: 'date-time' },
    request_id: { type: 'string' },
    errors: {
      type: 'array',
      items: { type: 'object', properties: { pointer: { type: 'string' }, detail: { type: 'string' } } },
    },
  },
};
