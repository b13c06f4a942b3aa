import type { DeadLetter, DeadLetterStore } from '../../dead-letters.ts';
import { storable } from '../../letter.ts';
import { cursorId, pageOf } from '../../pages.ts';
import type { Database } from '../postgres.ts';
import { schemaOf } from './store.ts';

const FIELDS = 'id, consumer, envelope, error, attempts, failed_at';

/** The dead letters in the schema of a service. */
export function deadLettersIn(db: Database, service: string): DeadLetterStore {
  const table = `${schemaOf(service)}.dead_letter`;
  const statement = (name: string, text: string) => ({ name: `${table} ${name}`, text });
  const put = statement(
    'put',
    `insert into ${table} (consumer, event_id, type, subject, time, envelope, error, attempts, failed_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
      on conflict on constraint dead_letter_once do update
      set error = excluded.error, attempts = dead_letter.attempts + excluded.attempts, failed_at = excluded.failed_at`,
  );
  const find = statement('find', `select ${FIELDS} from ${table} where id = $1`);
  const list = statement('list', `select ${FIELDS} from ${table} where id > $1 order by id limit $2`);
  const holds = statement('holds', `select 1 from ${table} where consumer = $1 limit 1`);
  const count = statement('count', `select count(*) as letters from ${table}`);
  const remove = statement('remove', `delete from ${table} where id = $1 returning id`);

  return {
    async put(letter) {
      const { consumer, envelope, error, attempts, failed_at } = storable(letter);
      const { id, type, subject, time } = envelope;
      const text = JSON.stringify(envelope);
      await db.query(put, [consumer, id, type, subject, time, text, error, attempts, failed_at]);
    },
    async find(id) {
      const [row] = await db.query<DeadLetter>(find, [id]);
      return row;
    },
    async list(limit, cursor) {
      const rows = await db.query<DeadLetter>(list, [cursorId(cursor) ?? 0, limit + 1]);
      return pageOf(rows, limit, (row) => row.id);
    },
    async holds(consumer) {
      return (await db.query(holds, [consumer])).length > 0;
    },
    async count() {
      return (await db.query<{ letters: number }>(count))[0]?.letters ?? 0;
    },
    async remove(id) {
      return (await db.query(remove, [id])).length > 0;
    },
  };
}
