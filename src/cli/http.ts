import { CliError } from './cli-error.ts';
import { plainText } from './output/plain.ts';

/** A downloaded file with the name that the system gave it. */
export interface DownloadedFile {
  readonly filename: string;
  readonly type: string;
  readonly bytes: Uint8Array;
}

export interface HttpResponse {
  readonly body: unknown;
  readonly link: string | null;
}

export interface HttpRequest {
  readonly method: string;
  readonly token?: string;
  readonly body?: object;
  readonly accept?: string;
}

const TIMEOUT_MS = 60_000;

/** Requests JSON. Throws CliError with the sentence of the system, or when it does not answer. */
export async function send(base: string, path: string, sent: HttpRequest): Promise<HttpResponse> {
  const { response, bytes } = await request(base, path, sent);
  const read = bytes.length === 0 ? {} : json(bytes);
  if (response.ok && read !== undefined) return { body: read, link: response.headers.get('link') };
  throw refusal(base, response.status, read);
}

/** Downloads a file. Throws like `send`. */
export async function downloadFile(base: string, path: string, token: string): Promise<DownloadedFile> {
  const { response, bytes } = await request(base, path, { method: 'GET', token, accept: '*/*' });
  if (!response.ok) throw refusal(base, response.status, json(bytes));
  const named = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '');
  const [type, filename] = [response.headers.get('content-type'), named?.[1]];
  if (type === null || filename === undefined) throw notTradepost(base, response.status);
  return { filename, type, bytes };
}

/** Requests text. Throws like `send`. */
export async function readText(base: string, path: string, token?: string): Promise<string> {
  const { response, bytes } = await request(base, path, { method: 'GET', token, accept: '*/*' });
  if (!response.ok) throw refusal(base, response.status, json(bytes));
  return new TextDecoder().decode(bytes);
}

/** The body of `path` as JSON, whatever its status; undefined when it is not JSON. Throws when nothing answers. */
export async function readBody(base: string, path: string): Promise<unknown> {
  return json((await request(base, path, { method: 'GET' })).bytes);
}

async function request(base: string, path: string, { method, token, body, accept = 'application/json' }: HttpRequest) {
  const headers: Record<string, string> = { accept };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  if (body) headers['content-type'] = 'application/json';
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  // No redirects: a token must not be sent to another address.
  const options = { method, headers, body: body && JSON.stringify(body), signal, redirect: 'error' as const };
  return fetch(base + path, options)
    .then(async (response) => ({ response, bytes: await response.bytes() }))
    .catch((error: unknown) => {
      throw new CliError(`Nothing of Tradepost answers at ${base} (${reasonOf(error)}); start it, or see --url.`, {
        code: 'NOT_RUNNING',
      });
    });
}

function refusal(base: string, status: number, body: unknown): CliError {
  const { error, code } = (body ?? {}) as { error?: unknown; code?: unknown };
  if (typeof error !== 'string') return notTradepost(base, status);
  const advice = status === 401 ? ' (sign in again, or ask for another token)' : '';
  return new CliError(`${plainText(error)}${advice}`, { status, code: typeof code === 'string' ? code : undefined });
}

/** The error for a response that is not Tradepost's. */
export function notTradepost(base: string, status: number): CliError {
  return new CliError(`What answers at ${base} is not Tradepost (status ${status}); see --url.`, {
    code: 'NOT_TRADEPOST',
  });
}

function json(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error & { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? message;
}
