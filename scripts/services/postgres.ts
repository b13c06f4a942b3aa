import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemBinaries } from '../../src/platform/db/postgres/embedded/binaries.ts';
import type { Kind } from './kind.ts';
import { converse } from './probe.ts';

// Known to everybody and good for this machine only.
const PASSWORD = 'tradepost';

/** The system's PostgreSQL for development; the tests start servers of their own from the same binaries. */
export const postgres: Kind = {
  name: 'postgres',
  title: 'PostgreSQL',
  port: 15432,
  account: 'postgres',
  refusesRoot: true,
  marker: 'postgres',
  stopSignal: 'SIGINT',
  url: (port) => `postgresql://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`,
  missing: () => (systemBinaries() ? [] : ['postgresql']),
  async prepare({ dir }, run) {
    const data = join(dir, 'data');
    if (existsSync(join(data, 'PG_VERSION'))) return;
    const secret = join(dir, 'password');
    writeFileSync(secret, PASSWORD);
    const args = ['-D', data, '-U', 'postgres', '-E', 'UTF8', '--locale=C', '-A', 'scram-sha-256', '--pwfile', secret];
    await run({ file: systemBinaries()?.initdb ?? 'initdb', args });
    rmSync(secret);
  },
  command({ dir, port }) {
    const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories='];
    const args = ['-D', join(dir, 'data'), ...settings.flatMap((setting) => ['-c', setting])];
    return { file: systemBinaries()?.postgres ?? 'postgres', args };
  },
  async ready({ dir, port }) {
    const said = await converse(port, (say) => say(HELLO, (got) => got.length > 0));
    // R asks for the password; an error says that it still starts.
    if (said.toString('latin1', 0, 1) !== 'R') throw new Error('PostgreSQL is still starting.');
    const file = join(dir, 'data/PG_VERSION');
    return existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  },
};

const WORDS = '\0\x03\0\0user\0postgres\0\0';
const HELLO = Buffer.from(`\0\0\0${String.fromCharCode(WORDS.length + 4)}${WORDS}`, 'latin1');
