import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type TSchema, Type } from 'typebox';
import type { Contract } from '../../contract/contract.ts';
import { objectShapeOf } from '../../contract/schema/shape.ts';
import { inputParts, routePath } from '../route-shape.ts';
import { thingContract } from '../things.fixture.ts';
import { openapi } from './openapi.ts';

interface Operation {
  readonly operationId: string;
  readonly security?: object[];
  readonly parameters: { name: string; in: string; required: boolean; schema: object }[];
  readonly requestBody?: { content: Record<string, { schema: object }> };
  readonly responses: Record<string, { content?: Record<string, { schema: { type?: string } }>; headers?: object }>;
}

interface Document {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, { readonly properties?: object }> };
}

const things = openapi([thingContract], 'Things', '1') as Document;

test('internal operations are not in the document', () => {
  const addresses = ['/things', '/things/{thing_id}', '/things/{name}', '/by-name/{name}'];
  const others = ['/things/{thing_id}/touch', '/things/{thing_id}/label', '/things/{thing_id}/picture', '/failures'];
  assert.deepEqual(Object.keys(things.paths).sort(), [...addresses, ...others].sort());
});

test('an operation says what it takes, what it gives and whether it needs a token', () => {
  const make = things.paths['/things']?.post;
  assert.deepEqual(make?.security, [{ token: [] }]);
  assert.deepEqual(make?.requestBody?.content['application/json']?.schema, {
    $ref: '#/components/schemas/ThingMakeRequest',
  });
  assert.deepEqual(Object.keys(things.components.schemas.ThingMakeRequest?.properties ?? {}), [
    'name',
    'price',
    'password',
  ]);
  assert.deepEqual(
    make?.parameters.map((one) => `${one.in} ${one.name}`),
    ['header Idempotency-Key'],
  );
  const statuses = ['201', '400', '401', '403', '404', '409', '413', '415', '422', '429', '503', 'default'];
  assert.deepEqual(Object.keys(make?.responses ?? {}).sort(), [...statuses].sort());
  const list = things.paths['/things']?.get;
  assert.deepEqual(list?.security, []);
  assert.deepEqual(
    list?.parameters.map((one) => `${one.in} ${one.name} ${one.required}`),
    ['query cheaper_than false', 'query limit false', 'query cursor false', 'header If-None-Match false'],
  );
  assert.equal(list?.responses['200']?.content?.['application/json']?.schema.type, 'array');
  assert.deepEqual(Object.keys(list?.responses['200']?.headers ?? {}), ['Link', 'ETag']);
});

test('what has an ETag says so, and what changes it takes If-Match', () => {
  const { get, put, delete: remove } = things.paths['/things/{thing_id}'] ?? {};
  const conditions = (one: Operation | undefined) =>
    one?.parameters.filter((parameter) => parameter.in === 'header').map(({ name }) => name);
  assert.deepEqual([get, put, remove].map(conditions), [['If-None-Match'], ['If-Match'], ['If-Match']]);
  assert.deepEqual(Object.keys(get?.responses['304']?.headers ?? {}), ['ETag']);
  assert.deepEqual(
    [get, put, remove].map((one) => one?.responses['412'] !== undefined),
    [false, true, true],
  );
  assert.deepEqual(
    [put, remove].map((one) => one?.responses[one === put ? '200' : '204']?.headers !== undefined),
    [true, false],
  );
});

test('an answer without a body has none, a file is a file, and without fields there is no body to send', () => {
  assert.equal(things.paths['/things/{thing_id}']?.delete?.responses['204']?.content, undefined);
  const label = things.paths['/things/{thing_id}/label']?.get?.responses['200'];
  assert.deepEqual(Object.keys(label?.content ?? {}), ['text/plain; charset=utf-8']);
  assert.equal(things.paths['/things/{thing_id}']?.delete?.requestBody, undefined);
});

test('a file that may be of several kinds names each of them', () => {
  const picture = things.paths['/things/{thing_id}/picture']?.get?.responses['200'];
  const binary = { schema: { type: 'string', format: 'binary' } };
  assert.deepEqual(picture?.content, { 'image/svg+xml': binary, 'text/plain; charset=utf-8': binary });
});

test('what the path names is a path parameter; the rest is the query or the body', () => {
  const { params, rest, pathNames } = inputParts(thingContract.ops.touch);
  assert.deepEqual([Object.keys(params.properties), Object.keys(rest.properties)], [['thing_id'], ['times']]);
  assert.deepEqual([pathNames, params.required, rest.required], [['thing_id'], ['thing_id'], undefined]);
  assert.deepEqual(
    [objectShapeOf(params).additionalProperties, objectShapeOf(rest).additionalProperties],
    [false, false],
  );
});

test('in the router a number is digits only, so that a name may stand in its place', () => {
  const { get, named, touch } = thingContract.ops;
  assert.equal(routePath(get, get.path), '/things/:thing_id(^\\d+$)');
  assert.equal(routePath(named, named.path), '/things/:name');
  assert.equal(routePath(named, '/by-name/{name}'), '/by-name/:name');
  assert.equal(routePath(touch, touch.path), '/things/:thing_id(^\\d+$)/touch');
});

test('numbers have the width that they need', () => {
  const document = JSON.stringify(things);
  const text = (schema: object) => JSON.stringify(openapi([withOutput(schema)], 'Things', '1'));
  assert.match(document, /"type":"number","format":"double"/);
  assert.doesNotMatch(document, /"format":"money"/);
  assert.match(text(Type.Integer()), /"type":"integer","format":"int64"/);
  assert.match(text(Type.Unsafe({ type: ['integer', 'null'] })), /"type":\["integer","null"\],"format":"int64"/);
  assert.doesNotMatch(text(Type.Integer({ maximum: 200 })), /int64/);
});

function withOutput(schema: object) {
  const { get } = thingContract.ops;
  const ops = {
    get: { ...get, input: Type.Object({}), path: '/thing', output: Type.Object({ count: schema as TSchema }) },
  };
  return { ...thingContract, ops } as Contract;
}
