import type { Ids } from '../../../contract/ids.ts';
import type { DeadLetter, DeadLetterStore } from '../../dead-letters.ts';
import { storable } from '../../letter.ts';
import { cursorId, pageOf } from '../../pages.ts';
import type { ClickHouse } from '../engine.ts';
import type { Writer } from './writer.ts';

type Row = Omit<DeadLetter, 'envelope'> & { readonly envelope: string; readonly event_id: string };

const FIELDS = 'id, consumer, event_id, envelope, error, attempts, failed_at';

/** The dead letters of a service that keeps its things in ClickHouse. */
export function deadLettersInRows({
  engine,
  table,
  writer,
  ids,
}: {
  engine: ClickHouse;
  table: string;
  writer: Writer;
  ids: Ids;
}): DeadLetterStore {
  const present = `select ${FIELDS} from ${table} final where removed = 0`;
  const read = async (where: string, params: Record<string, unknown>): Promise<Row[]> =>
    engine.query<Row>(`${present} and ${where}`, params);
  const letterOf = ({ event_id: _, envelope, ...row }: Row): DeadLetter => ({ ...row, envelope: JSON.parse(envelope) });
  const one = async (id: number): Promise<Row | undefined> => (await read('id = {id:UInt64}', { id }))[0];

  return {
    async put(letter) {
      const { consumer, envelope, error, attempts, failed_at } = storable(letter);
      const id = await ids.next();
      const event_id = envelope.id;
      await writer.write(async () => {
        const where = 'consumer = {consumer:String} and event_id = {event_id:String}';
        const [before] = await read(where, { consumer, event_id });
        const row = { id: before?.id ?? id, consumer, event_id, envelope: JSON.stringify(envelope), error, failed_at };
        return { rows: [{ ...row, attempts: (before?.attempts ?? 0) + attempts }], answer: undefined };
      });
    },
    async find(id) {
      const row = await one(id);
      return row && letterOf(row);
    },
    async list(limit, cursor) {
      const params = { after: cursorId(cursor) ?? 0, limit: limit + 1 };
      const rows = await read('id > {after:UInt64} order by id limit {limit:UInt32}', params);
      return pageOf(rows.map(letterOf), limit, (letter) => letter.id);
    },
    holds: async (consumer) => (await read('consumer = {consumer:String} limit 1', { consumer })).length > 0,
    async count() {
      const [row] = await engine.query<{ letters: number | string }>(
        `select count() as letters from ${table} final where removed = 0`,
      );
      return Number(row?.letters ?? 0);
    },
    remove: (id) =>
      writer.write(async () => {
        const row = await one(id);
        return { rows: row ? [{ ...row, removed: 1 }] : [], answer: row !== undefined };
      }),
  };
}
