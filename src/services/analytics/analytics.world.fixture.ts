import { usesClickHouse } from '../../testing/clickhouse.ts';

/** What the figures of a test shop are kept in, and the settings for it: the other services stay where they are. */
interface FiguresStore {
  readonly name: string;
  settingsOf(dataDir: string): Record<string, string>;
}

const inPostgres: FiguresStore = { name: 'PostgreSQL', settingsOf: () => ({}) };
const inClickHouse: FiguresStore = {
  name: 'ClickHouse',
  settingsOf: (DATA_DIR) => ({ ANALYTICS_DB_DRIVER: 'clickhouse', DATA_DIR }),
};

/** Every store that figures can be tested on here; the suite of the repository says when one is missing. */
export const figuresStores: readonly FiguresStore[] = usesClickHouse() ? [inPostgres, inClickHouse] : [inPostgres];
