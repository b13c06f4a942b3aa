import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onPath } from './install.ts';
import type { Kind, Place } from './kind.ts';
import { converse } from './probe.ts';

/** Redis with its append-only file, so that a kill -9 loses nothing that the kernel was given. */
export const redis: Kind = {
  name: 'redis',
  title: 'Redis',
  port: 16379,
  account: 'redis',
  marker: 'redis-server',
  stopSignal: 'SIGTERM',
  url: (port) => `redis://127.0.0.1:${port}`,
  missing: () => (onPath('redis-server') ? [] : ['redis-server']),
  async prepare(place) {
    writeFileSync(join(place.dir, 'redis.conf'), settings(place));
  },
  command: ({ dir }) => ({ file: 'redis-server', args: [join(dir, 'redis.conf')] }),
  async ready({ port }) {
    const said = await converse(port, (say) => say('PING\r\nINFO server\r\n', isWhole));
    if (!said.toString().startsWith('+PONG')) throw new Error('Redis is still loading.');
    return /redis_version:(\S+)/.exec(said.toString())?.[1] ?? '';
  },
};

// While it loads, both commands are answered by an error.
const isWhole = (got: Buffer) => got.includes('redis_version') || got.toString().split('-LOADING').length > 2;

function settings({ dir, port }: Place): string {
  return `bind 127.0.0.1
port ${port}
dir "${dir}"
daemonize no
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
set-proc-title no
`;
}
