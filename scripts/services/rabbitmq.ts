import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../src/testing/ports.ts';
import type { Command, Kind } from './kind.ts';
import { converse } from './probe.ts';

// Not the wrapper on the PATH: that one insists on the package's own account and folders.
const SERVER = '/usr/lib/rabbitmq/bin/rabbitmq-server';

// RabbitMQ registers with Erlang's port mapper. The one of the system listens on every address and outlives all, so
// each broker brings its own.
const epmd: Kind = {
  name: 'epmd',
  title: "Erlang's port mapper",
  port: 0,
  account: 'rabbitmq',
  marker: 'epmd',
  stopSignal: 'SIGTERM',
  url: (port) => `127.0.0.1:${port}`,
  missing: () => [],
  prepare: async () => undefined,
  command: ({ port }) => ({ file: 'epmd', args: ['-port', `${port}`, '-address', '127.0.0.1'] }),
  async ready({ port }) {
    // NAMES_REQ: answered by the mapper's own port and a list, then it hangs up.
    await converse(port, (say) => say(Buffer.from([0, 1, 0x6e]), (got) => got.length >= 4));
    return '';
  },
};

/** RabbitMQ without plugins; the user guest may connect from this machine only. */
export const rabbitmq: Kind = {
  name: 'rabbitmq',
  title: 'RabbitMQ',
  port: 15673,
  account: 'rabbitmq',
  marker: '-tradepost_dir',
  stopSignal: 'SIGTERM',
  helper: epmd,
  url: (port) => `amqp://guest:guest@127.0.0.1:${port}`,
  missing: () => (existsSync(SERVER) ? [] : ['rabbitmq-server']),
  async prepare({ dir, port }) {
    const conf = `listeners.tcp.local = 127.0.0.1:${port}\ndisk_free_limit.absolute = 50MB\n`;
    writeFileSync(join(dir, 'rabbitmq.conf'), conf);
    writeFileSync(join(dir, 'enabled_plugins'), '[].\n');
    writeFileSync(join(dir, 'rabbitmq-env.conf'), `DIST_PORT=${await freePort()}\n`);
  },
  command: ({ dir, helperPort }) => ({
    file: SERVER,
    args: ['-tradepost_dir', dir],
    env: environment(dir, helperPort ?? 0),
  }),
  ready: ({ port }) => logIn(port),
};

function environment(dir: string, epmdPort: number): NonNullable<Command['env']> {
  return {
    RABBITMQ_NODENAME: 'tradepost@localhost',
    RABBITMQ_CONF_ENV_FILE: join(dir, 'rabbitmq-env.conf'),
    RABBITMQ_CONFIG_FILE: join(dir, 'rabbitmq.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(dir, 'enabled_plugins'),
    RABBITMQ_MNESIA_BASE: join(dir, 'mnesia'),
    RABBITMQ_LOG_BASE: join(dir, 'logs'),
    RABBITMQ_LOGS: '-',
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    // Its start script then becomes the server instead of waiting for it, so that the pid is the server's.
    RUNNING_UNDER_SYSTEMD: 'true',
  };
}

/** The first half of an AMQP 0-9-1 login: it is answered once users and queues are there. Returns the version. */
async function logIn(port: number): Promise<string> {
  return await converse(port, async (say) => {
    const start = await say(Buffer.from('AMQP\0\0\x09\x01', 'latin1'), isFrame);
    const answer = await say(frame(START_OK), isFrame);
    if (answer.readUInt16BE(9) !== TUNE) throw new Error('RabbitMQ refuses the user guest.');
    // In the table of the server's properties: name, type S, length, text.
    return /versionS.{4}([\d.]+)/s.exec(start.toString('latin1'))?.[1] ?? '';
  });
}

const TUNE = 30;
const START_OK = '\0\x0a\0\x0b\0\0\0\0\x05PLAIN\0\0\0\x0c\0guest\0guest\x05en_US';

// Type 1 (method), channel 0, length, payload, end.
function frame(payload: string): Buffer {
  const head = Buffer.from([1, 0, 0, 0, 0, 0, payload.length]);
  return Buffer.concat([head, Buffer.from(payload, 'latin1'), Buffer.from([0xce])]);
}

function isFrame(got: Buffer): boolean {
  return got.length >= 8 && got.length >= 8 + got.readUInt32BE(3);
}
