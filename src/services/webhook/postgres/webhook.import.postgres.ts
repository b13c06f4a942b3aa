import type { PostgresStore } from '../../../platform/db/postgres/store/store.ts';
import type { ImportRepository } from '../webhook.repository.ts';

/** The import from payment in PostgreSQL; `columns` are those of an endpoint, with their types. */
export function importPostgres(
  { schema, db }: PostgresStore,
  columns: Readonly<Record<string, string>>,
): ImportRepository {
  const unnamed = (text: string) => ({ name: '', text });
  const statements = {
    cut: unnamed(`select cut_at from ${schema}.payment_import where endpoints_done_at is not null`),
    begin: unnamed(`insert into ${schema}.payment_import (cut_at, last_delivery_id) values ($1, $2)
      on conflict do nothing returning cut_at`),
    endpointIds: unnamed(`select setval('${schema}.endpoint_ids', $1) where $1 > 0`),
    deliveryIds: unnamed(
      `select setval(pg_get_serial_sequence('${schema}.deliveries', 'delivery_id'), $1) where $1 > 0`,
    ),
    endpoints: unnamed(endpointsText(schema, columns)),
    deliveries: unnamed(deliveriesText(schema)),
    finish: unnamed(
      `update ${schema}.payment_import set endpoints_done_at = $1 where endpoints_done_at is null returning cut_at`,
    ),
  };
  return {
    async cut() {
      const [row] = await db.query<{ cut_at: string }>(statements.cut);
      return row?.cut_at;
    },
    save: ({ cut_at, last_endpoint_id, last_delivery_id, endpoints, deliveries }) =>
      db.transaction(async (sql) => {
        const [first] = await sql.query(statements.begin, [cut_at, last_delivery_id]);
        // Nobody takes an id before the endpoints are done, so the first page alone sets where they go on.
        if (first) {
          await sql.query(statements.endpointIds, [last_endpoint_id]);
          await sql.query(statements.deliveryIds, [last_delivery_id]);
        }
        if (endpoints.length > 0) await sql.query(statements.endpoints, [JSON.stringify(endpoints)]);
        if (deliveries.length > 0) await sql.query(statements.deliveries, [JSON.stringify(deliveries)]);
      }),
    async finishEndpoints(now) {
      await db.query(statements.finish, [now]);
    },
  };
}

function endpointsText(schema: string, columns: Readonly<Record<string, string>>): string {
  const names = [...Object.keys(columns), 'version'].join(', ');
  const typed = [...Object.entries(columns).map(([name, type]) => `${name} ${type}`), 'version integer'].join(', ');
  return `insert into ${schema}.endpoints (${names})
    select ${names} from json_to_recordset($1::json) as e(${typed}) on conflict do nothing`;
}

// Two reasons for a conflict: the page came before, or the event did, after its delivery was imported.
const deliveriesText = (schema: string): string => `
  with given as (
    select * from json_to_recordset($1::json) as d(delivery_id bigint, endpoint_id bigint, message_id uuid, type text,
      time timestamptz, data text, status text, tries integer, next_at timestamptz, created_at timestamptz, attempts json)),
  imported as (
    insert into ${schema}.deliveries
      (delivery_id, endpoint_id, message_id, type, time, data, status, tries, next_at, created_at)
    select case when g.delivery_id <= i.last_delivery_id then g.delivery_id
        else nextval(pg_get_serial_sequence('${schema}.deliveries', 'delivery_id')) end,
      g.endpoint_id, g.message_id, g.type, g.time, g.data, g.status, g.tries, g.next_at, g.created_at
    from given g cross join ${schema}.payment_import i order by g.delivery_id
    on conflict do nothing returning delivery_id, endpoint_id, message_id)
  insert into ${schema}.attempts (delivery_id, at, status, error, ms)
  select i.delivery_id, a.at, a.status, a.error, a.ms from imported i join given g using (endpoint_id, message_id)
    cross join json_to_recordset(g.attempts) as a(at timestamptz, status integer, error text, ms integer)
  order by i.delivery_id, a.at`;
