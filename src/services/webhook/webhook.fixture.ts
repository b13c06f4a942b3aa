import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Ctx } from '../../platform/contract/contract.ts';
import { systemCtx } from '../../platform/contract/ctx.ts';

export const NOW = '2026-07-28T09:30:00.000Z';

/** A context of the platform itself at a moment. */
export function at(more: Partial<Ctx> = {}, now = NOW): Ctx {
  return Object.freeze({ ...systemCtx(now), ...more });
}

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An endpoint of a customer on loopback; the first part of the path is the status that it answers. */
export async function receiver() {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => {
      body += part;
    });
    request.on('end', () => {
      const path = request.url ?? '';
      received.push({ path, headers: request.headers, body });
      response.writeHead(Number(path.split('/')[1]), { location: '/200/redirected' }).end('x'.repeat(100_000));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    at: (path: string) => received.filter((one) => one.path === path),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
