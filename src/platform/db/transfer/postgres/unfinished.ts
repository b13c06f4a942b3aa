import type { Databases } from '../../postgres/databases.ts';
import type { Database } from '../../postgres/postgres.ts';
import { movedFromPostgres } from '../moved.ts';
import { LEDGER, rowsIf } from '../there.ts';
import { type Begun, refuseBegun, refuseMoved } from '../unfinished.ts';
import { PROGRESS } from './endpoint.ts';

/**
 * Throws ConfigError for services that a copy has brought to PostgreSQL only in part, or has taken elsewhere. What is
 * left of copies whose tables were dropped is forgotten, if asked to.
 */
export async function refuseUnfinishedInPostgres(
  services: readonly string[],
  { database }: Pick<Databases, 'database'>,
  forget: boolean,
): Promise<void> {
  for (const [db, here] of Map.groupBy(services, database)) {
    refuseMoved(await movedFromPostgres(db, here), 'PostgreSQL', 'postgres');
    const empty = refuseBegun(await begunInPostgres(db, here), 'PostgreSQL');
    if (forget && empty.length > 0) await db.query({ name: '', text: FORGET }, [empty]);
  }
}

const HAS_RUN = `exists (select 1 from ${LEDGER} m where m.schema = 'tradepost_' || c.service)`;

const begunInPostgres = (db: Database, services: readonly string[]): Promise<Begun[]> =>
  rowsIf<Begun>(
    db,
    PROGRESS,
    `select service, bool_or(${HAS_RUN}) as there from ${PROGRESS} c
      where finished_at is null and service = any($1) group by service order by service`,
    [services],
  );

// Asked again: a copy that begins at this moment has made the tables before it keeps anything here.
const FORGET = `delete from ${PROGRESS} c where finished_at is null and service = any($1) and not ${HAS_RUN}`;
