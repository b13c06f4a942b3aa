import { enableCompileCache } from 'node:module';

// One run of the product under `npm run dev`. It waits with the libraries and the platform loaded, loads the other
// sources when it is told to, and starts when it may: when its predecessor is gone. Who waits while the platform changes
// is thrown away.

enableCompileCache();
// A terminal signals everybody. Who only waits is ended by the supervisor, or by its end.
process.once('disconnect', () => process.exit());

const LIBRARIES = [
  'fastify',
  '@fastify/passport',
  'passport-jwt',
  'pg',
  'pino',
  'ajv',
  'typebox',
  'jose',
  'undici',
  'commander',
  'prom-client',
  'uuid',
  '@node-rs/bcrypt',
];

/** What the supervisor says. */
export type Order = { readonly load: true } | { readonly start: readonly string[] };
/** What is answered. */
export type Report = 'loaded' | 'started';

const tell = (report: Report): void => void process.send?.(report);

let loading: Promise<typeof import('../../src/cli/index.ts')> | undefined;

process.on('message', async (order: Order) => {
  try {
    if ('load' in order) {
      loading = import('../../src/cli/index.ts');
      await Promise.all([loading, import('../../src/cli/commands/start.ts')]);
      tell('loaded');
    } else {
      await (await loading)?.run(['start', ...order.start]);
      if (process.exitCode) process.exit();
      tell('started');
    }
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
});

await Promise.allSettled(LIBRARIES.map((name) => import(name)));
// A fault in it is told when the sources are loaded.
await import('../../src/platform/app/app.ts').catch(() => undefined);
