import { connect } from 'node:net';

/** An answer as it came over the wire. */
export interface Heard {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Says exactly these bytes to a server and reads until it ends the connection, which the bytes therefore have to ask
 * for. Interim answers (1xx) are left out.
 */
export function say(url: string, said: string | Buffer): Promise<Heard> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const socket = connect(Number(port), hostname, () => socket.write(said));
    socket.on('data', (part) => parts.push(part));
    socket.on('error', (error) => (parts.length > 0 ? undefined : reject(error)));
    socket.on('close', () => resolve(parsed(Buffer.concat(parts).toString('latin1'))));
  });
}

function parsed(text: string): Heard {
  const final = text.replace(/^(HTTP\/1\.1 1\d\d [^\r]*\r\n([^\r]+\r\n)*\r\n)+/, '');
  const end = final.indexOf('\r\n\r\n');
  const [first = '', ...lines] = final.slice(0, end).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const rest = final.slice(end + 4);
  const body = headers['transfer-encoding'] === 'chunked' ? unchunked(rest) : rest;
  return { status: Number(first.split(' ')[1]), headers, body: Buffer.from(body, 'latin1').toString() };
}

function unchunked(text: string): string {
  const length = Number.parseInt(text, 16);
  if (!(length > 0)) return '';
  const start = text.indexOf('\r\n') + 2;
  return text.slice(start, start + length) + unchunked(text.slice(start + length + 2));
}
