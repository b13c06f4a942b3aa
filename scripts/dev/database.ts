import type { Config } from '../../src/platform/config/config.ts';
import { startPostgres } from '../../src/platform/db/postgres/embedded/embedded.ts';
import { lockDirectory } from '../../src/platform/db/postgres/embedded/lock.ts';

/** The database that stays while the code changes. */
export interface Database {
  /** What the product is told, so that it takes this one and starts none. */
  readonly settings: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/**
 * Takes the data directory and starts its PostgreSQL, where the settings ask for the embedded one. Where they name a
 * server, or ClickHouse, whose engine lives in the process of the product, nothing is started here.
 */
export async function createDatabase(config: Config, say: (text: string) => void): Promise<Database> {
  const drivers = [...config.services].map((service) => config.of(service).DB_DRIVER);
  const inProcess = drivers.includes('clickhouse') && config.CLICKHOUSE_HOST === undefined;
  if (config.DB_DRIVER !== 'embedded' || inProcess) return { settings: {}, stop: async () => undefined };
  const lock = lockDirectory(config.dataDir);
  try {
    const server = await startPostgres({
      dataDir: config.dataDir,
      progress: say,
      restart: {
        onDown: () => say('the embedded PostgreSQL ended by itself; it is started again'),
        onUp: () => say('the embedded PostgreSQL answers again'),
        onLost: ({ message }) => say(`the embedded PostgreSQL cannot be started again: ${message}`),
      },
    });
    const stop = async (): Promise<void> => {
      await server.stop();
      lock.release();
    };
    return { settings: { DB_DRIVER: 'postgres', DATABASE_URL: server.url }, stop };
  } catch (error) {
    lock.release();
    throw error;
  }
}
