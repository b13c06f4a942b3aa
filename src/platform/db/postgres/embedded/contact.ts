import pg from 'pg';

/** Where a server of ours listens. */
interface Contact {
  readonly sockets: string;
  readonly options: { readonly port?: number; readonly password?: string };
}

export const DEFAULT_PORT = 5432;
const DATABASE = 'tradepost';
const NO_SUCH_DATABASE = '3D000';
const STARTING_UP = '57P03';
const NOT_LISTENING = ['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'];

/** Asks the version, creates the database if it is missing, and sets the password for the port. */
export async function firstContact(setup: Contact): Promise<string> {
  const { port, password } = setup.options;
  try {
    return await query(socketUrl(setup, DATABASE), async (client) => {
      if (port !== undefined && password !== undefined) {
        // A failing statement would be logged, and the password with it.
        await client.query('SET log_min_error_statement = panic');
        await client.query(`ALTER ROLE postgres PASSWORD ${client.escapeLiteral(password)}`);
      }
      const { rows } = await client.query<{ version: string }>("SELECT current_setting('server_version') AS version");
      return rows[0]?.version.split(' ')[0] ?? '';
    });
  } catch (error) {
    if (codeOf(error) !== NO_SUCH_DATABASE) throw error;
    await query(socketUrl(setup, 'postgres'), (client) => client.query(`CREATE DATABASE ${DATABASE}`));
    return firstContact(setup);
  }
}

async function query<T>(connectionString: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 10_000 });
  // An end of the connection is told by the query that it interrupts.
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end();
  }
}

function socketUrl({ sockets, options }: Contact, database: string): string {
  return `postgresql://postgres@/${database}?host=${encodeURIComponent(sockets)}&port=${options.port ?? DEFAULT_PORT}`;
}

/** What others connect with. */
export function publicUrl(setup: Contact): string {
  const { port, password } = setup.options;
  if (port === undefined || password === undefined) return socketUrl(setup, DATABASE);
  return `postgresql://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/${DATABASE}`;
}

/** Whether the error says that the server starts or recovers, and will listen. */
export const isStartingUp = (error: unknown): boolean => codeOf(error) === STARTING_UP;

/** Whether it does not listen yet. */
export function isNotReady(error: unknown): boolean {
  if ([...NOT_LISTENING, STARTING_UP].includes(codeOf(error))) return true;
  // The driver's own errors, which have no code: the server went away, or did not greet.
  return error instanceof Error && /^(Connection terminated|timeout expired)/.test(error.message);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
