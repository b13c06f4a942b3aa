import { readFileSync } from 'node:fs';
import type { Contract, Op } from '../../contract/contract.ts';
import { STATUS } from '../../contract/errors.ts';
import { schemaRef } from './components.ts';

/** The schema of every error (RFC 9457). */
export const PROBLEM = {
  type: 'object',
  description: 'What went wrong, where, and what to do about it (RFC 9457).',
  // The facts that `detail` names are fields of their own.
  additionalProperties: true,
  required: ['type', 'title', 'status', 'detail', 'instance', 'code', 'error', 'timestamp', 'request_id', 'remedy'],
  properties: {
    type: { type: 'string', description: 'the page that explains the error' },
    title: { type: 'string', description: 'what the status means' },
    status: { type: 'integer', description: 'the status of the answer' },
    detail: { type: 'string', description: 'what is wrong, in one sentence' },
    instance: { type: 'string', description: 'the path of the request' },
    code: { type: 'string', description: 'the name of the error; it stays the same when its sentence changes' },
    error: { type: 'string', description: 'the same as detail' },
    timestamp: { type: 'string', format: 'date-time' },
    request_id: { type: 'string', description: 'finds the request in the log' },
    remedy: { type: 'string', description: 'what to do about it' },
    errors: {
      type: 'array',
      description: 'each fault of the input, with its place',
      items: schemaRef('InputFault'),
    },
  },
};

/** One fault of the input. */
export const INPUT_FAULT = {
  type: 'object',
  required: ['pointer', 'detail'],
  properties: {
    pointer: { type: 'string', description: 'a JSON pointer into the body; for a parameter, its name after a slash' },
    detail: { type: 'string', description: 'what is wrong there' },
    in: { type: 'string', enum: ['query', 'path'], description: 'where it stands when not in the body' },
  },
};

const DESCRIPTIONS: Readonly<Record<number, string>> = {
  400: 'The request is not valid; `errors` names each place.',
  401: 'A valid access token is needed, or the credentials are wrong.',
  403: 'The role, or the scope of the token, does not allow it.',
  404: 'There is no such thing, or not for you.',
  409: 'It does not fit how things stand now.',
  412: 'It is not as the client has read it.',
  413: 'The body is too large.',
  415: 'The body is not JSON.',
  422: 'The Idempotency-Key was used before with another request.',
  429: 'Too many requests; Retry-After says when to come back.',
  503: 'A part does not answer; Retry-After says when to come back.',
};

/** Example problems from a running shop, by status. */
const EXAMPLES = JSON.parse(readFileSync(new URL('./problems.json', import.meta.url), 'utf8')) as Record<
  string,
  unknown
>;

/** The problem responses of a document, which operations reference by status. */
export const PROBLEMS = Object.fromEntries([
  ...Object.entries(DESCRIPTIONS).map(([status, description]) => [
    `Problem${status}`,
    problem(description, EXAMPLES[status]),
  ]),
  ['Problem', problem('Anything else that went wrong.')],
]);

function problem(description: string, example?: unknown): object {
  return { description, content: { 'application/problem+json': { schema: schemaRef('Problem'), example } } };
}

/** What can go wrong with an operation, by status. */
export function failures(contract: Contract, op: Op, hasBody: boolean): Record<string, object> {
  const kinds = new Set(Object.values(contract.errors).map(({ kind }) => STATUS[kind as keyof typeof STATUS]));
  const writes = op.method !== 'GET';
  const hasInput = Object.keys(op.input.properties).length > 0;
  const may: [number, boolean][] = [
    [400, hasInput || op.idempotent === true],
    [401, op.access !== 'public' || op.tokenWelcome === true || (hasBody && kinds.has(401))],
    [403, op.access !== 'public'],
    [404, op.path.includes('{') || (writes && hasBody && kinds.has(404))],
    [409, writes && kinds.has(409)],
    [412, op.changes !== undefined],
    [413, hasBody],
    [415, hasBody],
    [422, op.idempotent === true],
    [429, true],
    [503, true],
  ];
  const named = may.filter(([, can]) => can).map(([status]) => [String(status), response(`Problem${status}`)]);
  return { ...Object.fromEntries(named), default: response('Problem') };
}

const response = (name: string) => ({ $ref: `#/components/responses/${name}` });
