import type { Pool } from 'undici';
import { CTX_HEADER, type CtxSeal } from '../../auth/seal.ts';
import { codecOf } from '../../contract/codec.ts';
import type { ApiOf, Contract, Ctx, Op } from '../../contract/contract.ts';
import { inputParts } from '../route-shape.ts';
import { networkFault, peerFault } from './faults.ts';
import { PING_MS, pingOp } from './ping.ts';
import { readResponse } from './response.ts';

/** A client of a service in another process, made from its contract: the inverse of `http.ts`. */
export interface Remote<C extends Contract> {
  readonly api: ApiOf<C['ops']>;
  /** Asks whether the service accepts calls, and for its time. Throws what a call throws. */
  ping(ctx: Ctx): Promise<unknown>;
  close(): Promise<void>;
}

/** Longer than a statement may take, so that the service itself reports a statement that timed out. */
const TIMEOUT_MS = 12_000;
/** Longer than the heartbeat of a stream. */
const STREAM_TIMEOUT_MS = 45_000;

/** Calls go to `url`, with the caller's Ctx sealed for that service. */
export function remote<C extends Contract>(contract: C, url: string, seal: CtxSeal, timeoutMs = TIMEOUT_MS): Remote<C> {
  let pool: Promise<Pool> | undefined;
  // Loaded at the first call: a process that runs every service makes none.
  const connect: Connect = () => {
    pool ??= import('undici').then(
      ({ Pool }) =>
        new Pool(url, {
          connections: 64,
          headersTimeout: timeoutMs,
          bodyTimeout: timeoutMs,
          connectTimeout: 3_000,
        }),
    );
    return pool;
  };
  const ping = callerOf(pingOp(contract.name), contract.name, connect, seal, PING_MS);
  const calls = Object.entries(contract.ops).map(([name, op]) => [name, callerOf(op, contract.name, connect, seal)]);
  return {
    api: Object.fromEntries(calls) as ApiOf<C['ops']>,
    ping: (ctx) => ping(ctx, {}),
    close: async () => (await pool)?.close(),
  };
}

type Connect = () => Promise<Pool>;

function callerOf(
  op: Op,
  service: string,
  connect: Connect,
  seal: CtxSeal,
  limitMs?: number,
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
        ...(limitMs !== undefined && { signal: AbortSignal.timeout(limitMs) }),
        ...(op.stream && { bodyTimeout: STREAM_TIMEOUT_MS }),
      })
      .catch((error: unknown) => {
        throw peerFault(service, networkFault(error), error);
      });
    return readResponse(service, op, ctx, answer);
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
