import { AppError, common } from '../../../platform/contract/errors.ts';
import { coalesce } from '../../../platform/db/coalesce.ts';
import { cursorId, pageOf } from '../../../platform/db/pages.ts';
import type { TableSpec } from '../../../platform/db/postgres/store/save.ts';
import type { PostgresStore } from '../../../platform/db/postgres/store/store.ts';
import { type Delivery, webhookErrors } from './webhook.contract.ts';
import { type Due, type EndpointState, MAX_ENDPOINTS } from './webhook.model.ts';
import type { Message, WebhookRepository } from './webhook.repository.ts';

const COLUMNS = {
  endpoint_id: 'bigint',
  user_id: 'bigint',
  url: 'text',
  types: 'json',
  everyone: 'boolean',
  status: 'text',
  disabled_reason: 'text',
  secret: 'text',
  previous_secret: 'text',
  previous_until: 'timestamptz',
  failing_since: 'timestamptz',
  created_at: 'timestamptz',
};

const SELECTED = [...Object.keys(COLUMNS), 'version'].join(', ');

/** Of each endpoint so many at once: one that is slow must not take the turn of the others. */
const OF_ONE = 8;
const AT_ONCE = 64;

/** Endpoints and deliveries in PostgreSQL. */
export function webhookPostgres(store: PostgresStore): WebhookRepository {
  const { schema, db } = store;
  const save = store.saver(endpointSpec(schema));
  const read = store.reader<number, EndpointState>(
    'webhook endpoint',
    `select ${SELECTED} from ${schema}.webhook_endpoints where endpoint_id = any($1)`,
    (row) => row.endpoint_id,
  );
  const statements = statementsOf(schema);
  return {
    ids: store.ids('webhook_endpoint_ids'),
    async get(endpoint_id) {
      const found = await read(endpoint_id);
      if (!found || found.status === 'deleted') throw webhookErrors.ENDPOINT_NOT_FOUND();
      return found;
    },
    async list({ user_id }, { limit, cursor }) {
      const before = cursorId(cursor) ?? Number.MAX_SAFE_INTEGER;
      const rows = await db.query<EndpointState>(statements.list, [user_id ?? null, before, limit + 1]);
      return pageOf(rows, limit, (row) => row.endpoint_id);
    },
    save: (ctx, change) =>
      save(ctx, change).catch((error: unknown) => {
        const full = change.next.version === 0 && error instanceof AppError && error.code === common.STALE.code;
        throw full ? webhookErrors.TOO_MANY({ most: MAX_ENDPOINTS }) : error;
      }),
    everyoneOf: (user_id) => db.query<EndpointState>(statements.everyone, [user_id]),
    enqueue: coalesce<Message, void>({
      name: 'webhook enqueue',
      async run(messages) {
        await db.query(statements.enqueue, [JSON.stringify(messages)]);
        return messages.map(() => undefined);
      },
    }),
    take: (now, seconds) => db.query<Due>(statements.take, [now, seconds]),
    async attempted({ delivery_id, endpoint }, { at, status, error, ms }, outcome) {
      const { next_at = null } = outcome;
      await db.query(statements.attempted, [
        delivery_id,
        endpoint.endpoint_id,
        at,
        status,
        error,
        ms,
        outcome.status,
        next_at,
      ]);
    },
    async deliveries(endpoint_id, { limit, cursor }) {
      const before = cursorId(cursor) ?? Number.MAX_SAFE_INTEGER;
      const rows = await db.query<Delivery>(statements.deliveries, [endpoint_id, before, limit + 1]);
      return pageOf(rows, limit, (row) => row.delivery_id);
    },
    async resend(endpoint_id, delivery_id, now) {
      await db.query(statements.resend, [endpoint_id, delivery_id, now]);
      const [found] = await db.query<Delivery>(statements.delivery, [endpoint_id, delivery_id]);
      if (!found) throw webhookErrors.DELIVERY_NOT_FOUND();
      return found;
    },
    async forget(before) {
      await db.query(statements.forget, [before]);
    },
  };
}

function endpointSpec(schema: string): Omit<TableSpec<EndpointState>, 'schema'> {
  return {
    table: 'webhook_endpoints',
    key: 'endpoint_id',
    columns: COLUMNS,
    apart: ({ user_id }) => [`user ${user_id}`],
    // Whether it fails is written by the attempts alone; one that is taken up again begins anew.
    updates: {
      failing_since: `case when t.status = 'disabled' and r.status = 'active' then null else t.failing_since end`,
    },
    // Two processes at the same moment may pass the mark by one: it keeps a table small, not a promise.
    assigned: {
      names: [],
      ctes: `room as (select * from eligible e where (select count(*) from ${schema}.webhook_endpoints o
        where o.user_id = e.user_id and o.status <> 'deleted') < ${MAX_ENDPOINTS})`,
      select: `select ${Object.keys(COLUMNS).join(', ')}, 1 from room`,
    },
  };
}

function statementsOf(schema: string) {
  const statement = (name: string, text: string) => ({ name: `${schema} webhook ${name}`, text });
  return {
    list: statement(
      'endpoints',
      `select ${SELECTED} from ${schema}.webhook_endpoints
     where ($1::bigint is null or user_id = $1) and status <> 'deleted' and endpoint_id < $2
     order by endpoint_id desc limit $3`,
    ),
    everyone: statement(
      'endpoints for everyone',
      `select ${SELECTED} from ${schema}.webhook_endpoints where user_id = $1 and everyone and status = 'active'`,
    ),
    enqueue: statement('enqueue', enqueueText(schema)),
    take: statement('take', takeText(schema)),
    attempted: statement('attempted', attemptedText(schema)),
    deliveries: statement(
      'deliveries',
      deliveriesText(schema, 'd.delivery_id < $2 order by d.delivery_id desc limit $3'),
    ),
    delivery: statement('delivery', deliveriesText(schema, 'd.delivery_id = $2')),
    resend: statement(
      'resend',
      `update ${schema}.webhook_deliveries set status = 'waiting', tries = 0, next_at = $3
     where endpoint_id = $1 and delivery_id = $2`,
    ),
    forget: statement(
      'forget',
      `with gone as (delete from ${schema}.webhook_deliveries where created_at < $1 returning delivery_id)
     delete from ${schema}.webhook_attempts where delivery_id in (select delivery_id from gone)`,
    ),
  };
}

// The constraint makes it once: an event that comes again finds its delivery.
const enqueueText = (schema: string): string => `
  insert into ${schema}.webhook_deliveries
    (endpoint_id, message_id, type, time, data, status, tries, next_at, created_at)
  select e.endpoint_id, m.event_id, m.type, m.time, m.data, 'waiting', 0, m.time, now()
  from json_to_recordset($1::json) as m(event_id uuid, type text, time timestamptz, data text, user_id bigint)
  join ${schema}.webhook_endpoints e on (e.user_id = m.user_id or e.everyone) and e.status = 'active'
    and e.types::jsonb ? m.type
  order by e.endpoint_id, m.time
  on conflict (endpoint_id, message_id) do nothing`;

// Endpoint by endpoint, so that neither a slow one nor a disabled one with a long queue takes the turn of the others.
const takeText = (schema: string): string => `with candidates as (
    select q.delivery_id from ${schema}.webhook_endpoints e cross join lateral (
      select d.delivery_id, d.next_at from ${schema}.webhook_deliveries d
      where d.endpoint_id = e.endpoint_id and d.status = 'waiting' and d.next_at <= $1
      order by d.next_at limit ${OF_ONE}) q
    where e.status = 'active' order by q.next_at limit ${AT_ONCE}),
  free as (
    select delivery_id from ${schema}.webhook_deliveries
    where delivery_id in (select delivery_id from candidates) and status = 'waiting' and next_at <= $1
    for update skip locked),
  taken as (
    update ${schema}.webhook_deliveries d set next_at = $1::timestamptz + make_interval(secs => $2)
    from free where d.delivery_id = free.delivery_id
    returning d.delivery_id, d.endpoint_id, d.message_id, d.type, d.time, d.data, d.tries)
  select t.delivery_id, t.message_id, t.type, t.time, t.data, t.tries, row_to_json(e) as endpoint
  from taken t join (select ${SELECTED} from ${schema}.webhook_endpoints) e using (endpoint_id)`;

const attemptedText = (schema: string): string => `with told as (
    update ${schema}.webhook_deliveries set status = $7, next_at = $8, tries = tries + 1
    where delivery_id = $1 returning delivery_id),
  health as (
    update ${schema}.webhook_endpoints set failing_since = case when $7 = 'delivered' then null else $3::timestamptz end
    where endpoint_id = $2 and (failing_since is null) = ($7 <> 'delivered'))
  insert into ${schema}.webhook_attempts (delivery_id, at, status, error, ms)
  select delivery_id, $3, $4, $5, $6 from told`;

const deliveriesText = (schema: string, which: string): string => `
  select d.delivery_id, d.endpoint_id, d.message_id, d.type, d.status, d.created_at,
    case when d.status = 'waiting' then d.next_at end as next_at,
    coalesce((select json_agg(json_build_object('at', a.at, 'status', a.status, 'error', a.error, 'ms', a.ms) order by a.attempt_id)
      from ${schema}.webhook_attempts a where a.delivery_id = d.delivery_id), '[]') as attempts
  from ${schema}.webhook_deliveries d where d.endpoint_id = $1 and ${which}`;
