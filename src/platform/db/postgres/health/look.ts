import { Down } from '../../../observability/health.ts';
import type { Unwritable } from '../../writes.ts';
import { databaseFaultOf } from '../faults.ts';

/** The pool, as far as a look needs it. */
interface Asked {
  query<Row extends object>(statement: { readonly name: string; readonly text: string }): Promise<Row[]>;
  script(text: string): Promise<void>;
}

const STATUS = {
  name: '',
  text: `select pg_is_in_recovery() or current_setting('transaction_read_only')::bool as "readOnly"`,
};

// A file of some size on its disk, a record in its log, and a commit: what a save needs, without a row to keep.
const WRITE = `begin;
  set local work_mem = '64kB';
  select count(*) from generate_series(1, 20000);
  select pg_logical_emit_message(true, 'tradepost', 'health');
  commit`;

/** Looks whether a database takes a write, and keeps nothing. Throws what the driver throws, and `Down`. */
export async function probePostgres(sql: Asked): Promise<void> {
  const [status] = await sql.query<{ readOnly: boolean }>(STATUS);
  if (status?.readOnly) throw new Down('the database is read-only');
  try {
    await sql.script(WRITE);
  } catch (error) {
    // Our user may not write a message to the log of the server: then only real writes tell.
    if (!isOfTheLook(error)) throw error;
  }
}

const isOfTheLook = (error: unknown): boolean => {
  const { code, cause } = error as { code?: string; cause?: { code?: string } };
  return ['42501', '42883', '53400'].includes(cause?.code ?? code ?? '');
};

/** What an error says of writing; undefined for one that says nothing of the server. */
export function postgresWriteFault(error: unknown): Unwritable | undefined {
  const fault = databaseFaultOf(error);
  return fault?.kind === 'away' ? fault : undefined;
}
