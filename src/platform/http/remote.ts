import type { Pool } from 'undici';
import { codecOf } from '../codec.ts';
import type { ApiOf, Contract, Ctx, Downloaded, Op, Page } from '../contract.ts';
import { AppError, common, type Kind, STATUS } from '../errors.ts';
import { itemOf, shapeOf } from '../schema/shape.ts';
import { CTX_HEADER, type CtxSeal } from '../tokens.ts';
import type { Problem } from './problem.ts';
import { inputParts } from './route-shape.ts';
import { readEvents } from './sse.ts';

/** A client of a service in another process, made from its contract: the inverse of `http.ts`. */
export interface Remote<C extends Contract> {
  readonly api: ApiOf<C['ops']>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 10_000;
/** Longer than the heartbeat of a stream. */
const STREAM_TIMEOUT_MS = 45_000;

/** Calls go to `url`, with the caller's Ctx sealed for that service. */
export function remote<C extends Contract>(contract: C, url: string, seal: CtxSeal): Remote<C> {
  let pool: Promise<Pool> | undefined;
  // Loaded at the first call: a process that runs everything calls nobody.
  const connect: Connect = () => {
    pool ??= import('undici').then(
      ({ Pool }) =>
        new Pool(url, {
          connections: 64,
          headersTimeout: TIMEOUT_MS,
          bodyTimeout: TIMEOUT_MS,
          connectTimeout: 3_000,
        }),
    );
    return pool;
  };
  const calls = Object.entries(contract.ops).map(([name, op]) => [name, callerOf(op, contract.name, connect, seal)]);
  return {
    api: Object.fromEntries(calls) as ApiOf<C['ops']>,
    close: async () => (await pool)?.close(),
  };
}

type Connect = () => Promise<Pool>;
type Answer = Awaited<ReturnType<Pool['request']>>;

function callerOf(
  op: Op,
  service: string,
  connect: Connect,
  seal: CtxSeal,
): (ctx: Ctx, input: object) => Promise<unknown> {
  const { pathNames } = inputParts(op);
  const inBody = op.method !== 'GET' && op.method !== 'DELETE';
  const encode = codecOf(op.input).encode;
  return async (ctx, input) => {
    const encoded = { ...(encode(input) as Record<string, unknown>) };
    const path = op.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(encoded[name])));
    for (const name of pathNames) delete encoded[name];
    const pool = await connect();
    const answer = await pool
      .request({
        method: op.method,
        path: inBody ? path : path + queryOf(encoded),
        headers: {
          'content-type': 'application/json',
          [CTX_HEADER]: seal.seal(ctx, service),
          'x-request-id': ctx.requestId,
        },
        body: inBody ? JSON.stringify(encoded) : null,
        ...(op.stream && { bodyTimeout: STREAM_TIMEOUT_MS }),
      })
      .catch((cause: Error) => {
        throw Object.assign(common.UNAVAILABLE(), { cause });
      });
    if (answer.statusCode >= 400) throw await errorOf(answer);
    return answerValue(op, answer);
  };
}

function queryOf(values: Record<string, unknown>): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return given.length === 0
    ? ''
    : `?${new URLSearchParams(given.map(([name, value]): [string, string] => [name, textOf(value)]))}`;
}

// An amount is encoded as raw JSON, which is an object until it is printed.
function textOf(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

async function answerValue(op: Op, answer: Answer): Promise<unknown> {
  if (op.stream) return readEvents(answer.body, codecOf(op.output).decode);
  if (shapeOf(op.output).download) return fileFrom(answer);
  if (op.status === 204) {
    await answer.body.dump();
    return {};
  }
  const json = await answer.body.json();
  if (shapeOf(op.output).page) return pageFrom(op, json, answer.headers.link);
  const value = codecOf(op.output).decode(json) as object;
  return op.status === 201 && answer.statusCode === 200 ? { ...value, existing: true } : value;
}

async function fileFrom({ headers, body }: Answer): Promise<Downloaded> {
  const filename = /filename="([^"]*)"/.exec(String(headers['content-disposition']))?.[1] ?? 'file';
  // What the peer says it is, even where another version of it says something else than our contract.
  const type = String(headers['content-type']);
  return { filename, type, content: Buffer.from(await body.bytes()).toString('base64') };
}

function pageFrom(op: Op, json: unknown, link: string | string[] | undefined): Page<unknown> {
  const items = codecOf(itemOf(op.output)).decode(json) as unknown[];
  const target = /^<([^>]+)>; rel="next"$/.exec(String(link))?.[1];
  const next = target && new URL(target, 'http://peer').searchParams.get('cursor');
  return next ? { items, next } : { items };
}

async function errorOf(answer: Answer): Promise<AppError> {
  const problem = (await answer.body.json().catch(() => ({}))) as Partial<Problem>;
  const kind = (Object.keys(STATUS) as Kind[]).find((one) => STATUS[one] === answer.statusCode);
  const { type, title, status, detail, instance, code, error, timestamp, request_id, remedy, errors, ...facts } =
    problem;
  if (!kind || code === undefined) return common.UNAVAILABLE();
  const details = Object.keys(facts).length > 0 ? facts : undefined;
  return new AppError(code, kind, String(detail), { faults: errors, details, remedy });
}
