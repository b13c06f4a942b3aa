import type { Dispatcher } from 'undici';
import { type SealRefusal, sealFault } from '../../auth/seal.ts';
import { codecOf } from '../../contract/codec.ts';
import type { Ctx, Downloaded, Op, Page } from '../../contract/contract.ts';
import { AppError, common, type Kind, STATUS } from '../../contract/errors.ts';
import { itemOf, objectShapeOf } from '../../contract/schema/shape.ts';
import type { Problem } from '../problem.ts';
import { readEvents } from '../sse/sse.ts';
import { networkFault, peerFault } from './faults.ts';

type PeerResponse = Dispatcher.ResponseData;

/**
 * The result in the response of another process. Throws the error that the called service returned; everything else
 * (another program at its address, another version, a truncated response) is UNAVAILABLE with the cause for the log.
 */
export async function readResponse(service: string, op: Op, ctx: Ctx, answer: PeerResponse): Promise<unknown> {
  const fault = (sentence: string, cause?: unknown): AppError => peerFault(service, sentence, cause);
  const wanted = op.status ?? 200;
  try {
    if (answer.statusCode >= 400) throw refusalOf(await problemIn(answer), answer, { op, ctx, fault });
    if (answer.statusCode !== wanted && !(wanted === 201 && answer.statusCode === 200))
      throw fault(`answers ${answer.statusCode} where ${op.id} has ${wanted}: it is another program or version`);
    return await valueIn(op, answer);
  } catch (error) {
    // The rest of the body is not needed, and would hold the connection.
    answer.body.on('error', () => undefined).destroy();
    if (error instanceof AppError) throw error;
    if (error instanceof UnexpectedResponse)
      throw fault(`answers ${op.id} with ${error.message}: it is another program or version`);
    throw fault(networkFault(error), error);
  }
}

/** A complete response that does not match the contract. */
class UnexpectedResponse extends Error {}

async function valueIn(op: Op, answer: PeerResponse): Promise<unknown> {
  const type = String(answer.headers['content-type'] ?? '');
  if (objectShapeOf(op.output).download) return fileFrom(answer);
  if (op.status === 204) {
    await answer.body.dump();
    return {};
  }
  const wanted = op.stream ? 'text/event-stream' : 'application/json';
  if (!type.startsWith(wanted)) throw new UnexpectedResponse(type === '' ? 'no content type' : type.slice(0, 100));
  if (op.stream) return readEvents(answer.body, codecOf(op.output).decode);
  const json = jsonOf(await answer.body.text());
  if (objectShapeOf(op.output).page) return pageFrom(op, json, answer.headers.link);
  if (json === null || typeof json !== 'object' || Array.isArray(json)) throw new UnexpectedResponse('no object');
  const value = decoded(() => codecOf(op.output).decode(json)) as Record<string, unknown>;
  const missing = objectShapeOf(op.output).required?.find((name) => !(name in value));
  if (missing !== undefined) throw new UnexpectedResponse(`an object without ${missing}`);
  return op.status === 201 && answer.statusCode === 200 ? { ...value, existing: true } : value;
}

function jsonOf(text: string): unknown {
  return decoded(() => JSON.parse(text));
}

function decoded(decode: () => unknown): unknown {
  try {
    return decode();
  } catch {
    throw new UnexpectedResponse('something that is not the JSON of its contract');
  }
}

async function fileFrom({ headers, body }: PeerResponse): Promise<Downloaded> {
  const filename = /filename="([^"]*)"/.exec(String(headers['content-disposition']))?.[1];
  if (filename === undefined) throw new UnexpectedResponse('no file');
  // The type that the peer states, even where its version has another one than this contract.
  const type = String(headers['content-type']);
  return { filename, type, content: Buffer.from(await body.bytes()).toString('base64') };
}

function pageFrom(op: Op, json: unknown, link: string | string[] | undefined): Page<unknown> {
  if (!Array.isArray(json)) throw new UnexpectedResponse('no list');
  const items = decoded(() => codecOf(itemOf(op.output)).decode(json)) as unknown[];
  const target = /^<([^>]+)>; rel="next"$/.exec(String(link))?.[1];
  const next = target && new URL(target, 'http://peer').searchParams.get('cursor');
  return next ? { items, next } : { items };
}

async function problemIn({ body, headers }: PeerResponse): Promise<Partial<Problem>> {
  const text = await body.text();
  if (!String(headers['content-type']).startsWith('application/problem+json')) return {};
  const problem = jsonOf(text);
  return typeof problem === 'object' && problem !== null ? problem : {};
}

interface FailedCall {
  readonly op: Op;
  readonly ctx: Ctx;
  readonly fault: (sentence: string) => AppError;
}

/** Errors of the protocol. A caller made from the same contract gets none, whatever its own client sent. */
const PROTOCOL_ERRORS: readonly Kind[] = [
  'timeout',
  'too_large',
  'unsupported_media',
  'headers_too_large',
  'method_not_allowed',
  'uri_too_long',
  'expectation_failed',
  'not_implemented',
  'version_not_supported',
];

function refusalOf(
  problem: Partial<Problem>,
  { statusCode, headers }: PeerResponse,
  { op, ctx, fault }: FailedCall,
): AppError {
  const { type, title, status, detail, instance, code, error, timestamp, request_id, remedy, errors, ...facts } =
    problem;
  const kind = (Object.keys(STATUS) as Kind[]).find((one) => STATUS[one] === statusCode);
  if (code === undefined) return fault(`answers ${statusCode}, and not as a service of ours does`);
  if (code === common.SEAL_REFUSED.code)
    return fault(`does not take our calls: ${sealFault(facts as unknown as SealRefusal, 'of its process')}`);
  if (code === common.NOT_FOUND.code || (kind && PROTOCOL_ERRORS.includes(kind)))
    return fault(`answers ${op.id} with ${statusCode} (${detail}): it is of another version`);
  if (code === common.UNAUTHENTICATED.code && ctx.actor.kind !== 'anonymous')
    return fault('does not know who we call for: it takes no calls between processes, for want of SERVICE_SECRET');
  if (!kind || code === common.UNAVAILABLE.code)
    return fault(`answers ${statusCode} to request ${request_id}: ${detail}`);
  const retryAfterSeconds = kind === 'unavailable' ? Number(headers['retry-after']) || undefined : undefined;
  const details = Object.keys(facts).length > 0 ? facts : undefined;
  return new AppError(code, kind, String(detail), { faults: errors, details, remedy, retryAfterSeconds });
}
