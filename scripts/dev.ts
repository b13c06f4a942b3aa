import { readdirSync } from 'node:fs';
import { watchParent } from '../src/platform/app/parent.ts';
import { ConfigError, readEnvironment } from '../src/platform/config/config.ts';
import { AlreadyRunning } from '../src/platform/db/postgres/embedded/lock.ts';
import { createDatabase } from './dev/database.ts';
import { supervise } from './dev/supervisor.ts';
import { watchSources } from './dev/watch.ts';

// npm run dev: the system, started again after every change under src. The embedded PostgreSQL belongs to this process
// and stays; only Node is started anew. Words go to `tradepost start`.

const say = (text: string): void => void process.stderr.write(`dev: ${text}\n`);

try {
  // What .env says is read by each start anew.
  const env = { ...process.env };
  // The names of the rooms are those of the services. The container may be the very file that is broken.
  const rooms = readdirSync(new URL('../src/services', import.meta.url), { withFileTypes: true });
  const config = readEnvironment(rooms.filter((room) => room.isDirectory()).map(({ name }) => ({ name })));
  const database = await createDatabase(config, say);
  const supervisor = supervise({ args: process.argv.slice(2), env: { ...env, ...database.settings }, say });
  const watched = watchSources((files) => void supervisor.restart(files));
  let ending: Promise<void> | undefined;
  const end = (): void => {
    if (ending) {
      supervisor.kill();
      return;
    }
    watched.close();
    ending = supervisor.stop().then(database.stop);
    void ending.finally(() => process.exit());
  };
  let since: number | undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // A terminal signals npm and us, and npm passes its signal on: within a second they are one.
      if (since !== undefined && performance.now() - since < 1_000) return;
      since = performance.now();
      end();
    });
  }
  watchParent(end);
  await supervisor.start();
} catch (error) {
  if (!(error instanceof ConfigError || error instanceof AlreadyRunning)) throw error;
  console.error(error.message);
  process.exit(1);
}
