import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

// A program: chDB, the engine of ClickHouse, behind the part of the HTTP protocol that its official client speaks.
// `node clickhouse-endpoint.ts <data directory> <password>` prints its port. Where a server cannot be had, what runs
// against one runs against this: the same engine, behind a real socket, used by several processes.

interface Answer {
  readonly stream?: Readable;
}

interface Connection {
  query(params: Request): Promise<Answer>;
  command(params: Request): Promise<Answer>;
  insert(params: Request & { values: string }): Promise<Answer>;
}

interface Request {
  readonly query: string;
  readonly query_params: Record<string, string | (string | number)[]>;
  readonly clickhouse_settings: Record<string, string>;
}

const [path = '', password = ''] = process.argv.slice(2);
const SESSIONS = 6;
// Known by what is used of it: the package is not there where nobody added it.
const { createChdbConnection } = createRequire(import.meta.url)('chdb/connection') as {
  createChdbConnection(options: { path: string }): Connection;
};
const idle = Array.from({ length: SESSIONS }, () => createChdbConnection({ path }));
const waiting: ((session: Connection) => void)[] = [];

async function onSession<T>(work: (session: Connection) => Promise<T>): Promise<T> {
  const session = idle.pop() ?? (await new Promise<Connection>((resolve) => waiting.push(resolve)));
  try {
    return await work(session);
  } finally {
    const next = waiting.shift();
    if (next) next(session);
    else idle.push(session);
  }
}

/** A parameter comes escaped as a tab-separated value. */
const ESCAPES: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', 0: '\0' };
const unescaped = (value: string): string => value.replace(/\\(.)/gs, (_, one: string) => ESCAPES[one] ?? one);

// Of a list each string is quoted and escaped by itself.
function listOf(text: string): (string | number)[] {
  const items = text.slice(1, -1).matchAll(/'((?:[^'\\]|\\.)*)'|([^,]+)/gs);
  return [...items].map(([, string, number]) => (string === undefined ? Number(number) : unescaped(string)));
}

function requestOf(url: URL, body: string): Request {
  const query_params: Record<string, string | (string | number)[]> = {};
  const clickhouse_settings: Record<string, string> = {};
  const query = url.searchParams.get('query') ?? body;
  for (const [name, value] of url.searchParams) {
    const param = name.startsWith('param_') && name.slice(6);
    if (param) query_params[param] = query.includes(`{${param}:Array(`) ? listOf(value) : unescaped(value);
    else if (!['query', 'query_id', 'database'].includes(name)) clickhouse_settings[name] = value;
  }
  return { query, query_params, clickhouse_settings };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://engine');
  if (url.pathname === '/ping') return void response.end('Ok.\n');
  const given = Buffer.from((request.headers.authorization ?? '').replace('Basic ', ''), 'base64').toString();
  if (given !== `default:${password}`) return refuse(response, 403, 516, 'AUTHENTICATION_FAILED', 'wrong password');
  const body = await text(request);
  const asked = requestOf(url, body);
  try {
    if (url.searchParams.has('query')) await onSession((session) => session.insert({ ...asked, values: body }));
    else if (!/\sformat\s+\w+\s*$/i.test(asked.query)) await onSession((session) => session.command(asked));
    else
      return void response.end(
        await onSession(async (session) => text((await session.query(asked)).stream as Readable)),
      );
    response.end();
  } catch (error) {
    const { code, type, message } = error as { code?: string; type?: string; message: string };
    refuse(response, 500, Number(code) || 1000, type ?? 'UNKNOWN_EXCEPTION', message);
  }
}

function refuse(response: ServerResponse, status: number, code: number, type: string, message: string): void {
  response.writeHead(status, { 'X-ClickHouse-Exception-Code': code });
  response.end(`Code: ${code}. DB::Exception: ${message} (${type})\n`);
}

// Parameters come in the address, and the engine takes a megabyte of it.
const server = createServer({ maxHeaderSize: 1_048_576 }, (request, response) => {
  answer(request, response).catch((error: Error) => refuse(response, 500, 1000, 'UNKNOWN_EXCEPTION', error.message));
});
server.keepAliveTimeout = 10_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' && address ? address.port : 0}\n`);
});
// It ends with who started it.
process.stdin.resume().once('end', () => process.exit(0));
