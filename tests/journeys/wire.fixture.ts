import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';

/** A request exactly as it goes over the wire: nothing of the address is tidied up, as fetch would do. */
export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** On a connection of its own: the server may end it. */
  readonly alone?: boolean;
}

export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface Wire {
  send(given: WireRequest): Promise<WireAnswer>;
  close(): void;
}

/** Connections to a server that are used again. */
export function wireTo(url: string): Wire {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const { hostname, port } = new URL(url);
  return {
    send: ({ method, path, headers, body, alone }) =>
      new Promise((resolve, reject) => {
        const measured = body !== undefined && headers?.['transfer-encoding'] === undefined;
        const length = measured ? { 'content-length': String(Buffer.byteLength(body)) } : {};
        const target = { agent: alone ? false : agent, hostname, port, method, path };
        const call = request({ ...target, headers: { ...length, ...headers } }, (answer) => {
          const parts: Buffer[] = [];
          answer.on('data', (part: Buffer) => parts.push(part));
          answer.on('end', () =>
            resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: Buffer.concat(parts).toString() }),
          );
          answer.on('error', reject);
        });
        call.on('error', reject);
        call.end(body);
      }),
    close: () => agent.destroy(),
  };
}

/** Says exactly this to a server, and reads what it answers until it ends the connection or falls silent. */
export function speak(url: string, said: string): Promise<WireAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(said));
    let heard = '';
    const done = () => {
      socket.destroy();
      const [head = '', text = ''] = heard.split('\r\n\r\n');
      const [first = '', ...lines] = head.split('\r\n');
      const headers = lines.map((line) => [
        line.split(':')[0]?.toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]);
      resolve({ status: Number(first.split(' ')[1]), headers: Object.fromEntries(headers), text });
    };
    socket.on('data', (part) => {
      heard += part;
      const length = /content-length: (\d+)/i.exec(heard)?.[1];
      if (length !== undefined && (heard.split('\r\n\r\n')[1]?.length ?? 0) >= Number(length)) done();
    });
    socket.on('end', done);
    socket.on('error', reject);
  });
}

const FIELDS = ['type', 'title', 'status', 'detail', 'instance', 'error', 'timestamp', 'request_id'];
const INSIDE = /\bat \S+ \(|node_modules|\.ts:\d|select |insert into|update .* set|syntax error|pg_|postgres/i;

/** The answer is a problem document with every field of the contract, of one of these statuses, and tells no secret. */
export function assertProblem(answer: WireAnswer, statuses: readonly number[], about: string): void {
  const said = `${about}\n→ ${answer.status} ${answer.text.slice(0, 300)}`;
  assert.ok(statuses.includes(answer.status), `${said}\nexpected ${statuses.join(' or ')}`);
  assert.match(String(answer.headers['content-type']), /^application\/problem\+json/, said);
  const problem = JSON.parse(answer.text) as Record<string, unknown>;
  for (const field of FIELDS) assert.ok(problem[field] !== undefined && problem[field] !== '', `${field}: ${said}`);
  assert.equal(problem.status, answer.status, said);
  assert.equal(problem.request_id, answer.headers['x-request-id'], said);
  assert.ok(!Number.isNaN(Date.parse(String(problem.timestamp))), said);
  assert.doesNotMatch(answer.text.replace(String(problem.instance), ''), INSIDE, said);
  if (answer.status === 401) assert.match(String(answer.headers['www-authenticate']), /^Bearer/, said);
  if (answer.status === 429 || answer.status === 503) assert.ok(Number(answer.headers['retry-after']) > 0, said);
}
