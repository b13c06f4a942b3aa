import { randomUUID } from 'node:crypto';
import { type ClickHouseClient, ClickHouseLogLevel, type ClickHouseSettings, createClient } from '@clickhouse/client';
import { watchWrites } from '../writes.ts';
import type { ClickHouse, Limits, Params } from './engine.ts';
import { clickhouseWriteFault, probeClickHouse } from './look.ts';
import { clickhouseRefusalOf } from './refusals.ts';

export interface ServerOptions {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly prefix: string;
}

const SECONDS = 10;

/** Who asks whether the engine is there does not wait for one that is silent. */
const PING_SECONDS = 2;

/** Opens a server. It connects at the first statement. */
export function openServer({ url, username, password, prefix }: ServerOptions): ClickHouse {
  const client = createClient({
    url,
    username,
    password,
    application: 'tradepost',
    // Each statement has a limit of its own: the engine ends it first, so that its outcome is known.
    request_timeout: 86_400_000,
    max_open_connections: 16,
    keep_alive: { enabled: true, idle_socket_ttl: 2_000 },
    clickhouse_settings: CLICKHOUSE_SETTINGS,
    log: { level: ClickHouseLogLevel.OFF },
  });
  return overClients({ prefix, where: url, embedded: false, writes: client, reads: [client] });
}

/** How every statement reads and writes values, whatever the profile of the user says. */
export const CLICKHOUSE_SETTINGS: ClickHouseSettings = {
  date_time_output_format: 'iso',
  date_time_input_format: 'best_effort',
  output_format_json_quote_64bit_integers: 0,
  output_format_json_quote_decimals: 0,
  // A block is the atom: it must not be cut, nor wait with others.
  input_format_parallel_parsing: 0,
  async_insert: 0,
  insert_deduplicate: 1,
  // A value that a column cannot hold is a fault, never a default.
  input_format_null_as_default: 0,
  max_insert_block_size: '1048576',
};

export interface Clients {
  readonly prefix: string;
  readonly where: string;
  readonly embedded: boolean;
  readonly writes: ClickHouseClient;
  /** A long statement on one of them must not hold back a short one on another. */
  readonly reads: readonly ClickHouseClient[];
}

/** The engine over clients that are open. */
export function overClients({ prefix, where, embedded, writes, reads }: Clients): ClickHouse {
  const busy = new Map(reads.map((client) => [client, 0]));

  async function onReader<T>(work: (client: ClickHouseClient) => Promise<T>): Promise<T> {
    let [idlest] = reads as [ClickHouseClient];
    for (const one of reads) if ((busy.get(one) ?? 0) < (busy.get(idlest) ?? 0)) idlest = one;
    busy.set(idlest, (busy.get(idlest) ?? 0) + 1);
    try {
      return await work(idlest);
    } catch (error) {
      throw clickhouseRefusalOf(error);
    } finally {
      busy.set(idlest, (busy.get(idlest) ?? 1) - 1);
    }
  }

  async function insert(table: string, rows: readonly object[], token?: string): Promise<void> {
    if (rows.length === 0) return;
    try {
      const limits = limited({}, token ?? randomUUID());
      await writes.insert({ table, values: [...rows], format: 'JSONEachRow', ...limits });
    } catch (error) {
      watch.failed(error);
      throw clickhouseRefusalOf(error);
    }
    watch.succeeded();
  }
  async function command(text: string, params: Params = {}, limits: Limits = {}): Promise<void> {
    // Without a token of its own an `insert … select` would be a repetition of the last block, and be left out.
    await writes
      .command({ query: text, query_params: { ...params }, ...limited(limits, '') })
      .catch((error: unknown) => {
        throw clickhouseRefusalOf(error);
      });
  }
  const watch = watchWrites({ attempt: probeClickHouse({ prefix, insert, command }), faultOf: clickhouseWriteFault });

  return {
    prefix,
    where,
    embedded,
    query: <Row extends object>(text: string, params: Params = {}, limits: Limits = {}) =>
      onReader(async (client) => {
        const answer = await client.query({
          query: text,
          query_params: { ...params },
          format: 'JSONEachRow',
          ...limited(limits),
        });
        return answer.json<Row>();
      }),
    insert,
    command,
    writable: watch.check,
    ping: () =>
      onReader(async (client) => {
        await client.query({ query: 'select 1', format: 'JSONEachRow', ...limited({ seconds: PING_SECONDS }) });
      }),
    async close() {
      await Promise.all([...new Set([writes, ...reads])].map((client) => client.close()));
    },
  };
}

/** The engine has this much longer to say that a statement took too long, before we stop listening. */
const GRACE_SECONDS = 3;

// A session in the process goes on with what it was told last, so every statement says all that differs among them.
function limited({ seconds = SECONDS }: Limits, token?: string) {
  return {
    abort_signal: AbortSignal.timeout((seconds + GRACE_SECONDS) * 1_000),
    clickhouse_settings: {
      max_execution_time: seconds,
      ...(token !== undefined && { insert_deduplication_token: token }),
    } satisfies ClickHouseSettings,
  };
}
