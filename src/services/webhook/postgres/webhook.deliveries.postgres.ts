import { coalesce } from '../../../platform/db/coalesce.ts';
import { cursorId, pageOf } from '../../../platform/db/pages.ts';
import type { PostgresStore } from '../../../platform/db/postgres/store/store.ts';
import type { Delivery } from '../webhook.contract.ts';
import { webhookErrors } from '../webhook.errors.contract.ts';
import type { DueDelivery } from '../webhook.model.ts';
import type { DeliveryRepository, Message } from '../webhook.repository.ts';

/** Of each endpoint so many at once: one that is slow must not take the turn of the others. */
const OF_ONE = 8;
const AT_ONCE = 64;
/** Events wait so long for others, since most are wanted by no endpoint and one statement finds that out for all. */
const ENQUEUE_INTERVAL_MS = 20;

/** Deliveries in PostgreSQL; `endpointColumns` are those of an endpoint with its version. */
export function deliveriesPostgres({ schema, db }: PostgresStore, endpointColumns: string): DeliveryRepository {
  const statements = statementsOf(schema, endpointColumns);
  async function one(endpoint_id: number, delivery_id: number): Promise<Delivery> {
    const [found] = await db.query<Delivery>(statements.delivery, [endpoint_id, delivery_id]);
    if (!found) throw webhookErrors.DELIVERY_NOT_FOUND();
    return found;
  }
  return {
    enqueue: coalesce<Message, void>({
      name: 'webhook enqueue',
      restMs: ENQUEUE_INTERVAL_MS,
      async run(messages) {
        // Payloads are sent for what an endpoint wants, and for nothing else.
        const heads = messages.map(({ event_id, type, user_id }) => ({ event_id, type, user_id }));
        const wanted = await db.query<{ event_id: string }>(statements.wanted, [JSON.stringify(heads)]);
        const ids = new Set(wanted.map(({ event_id }) => event_id));
        const some = messages.filter(({ event_id }) => ids.has(event_id));
        if (some.length > 0) await db.query(statements.enqueue, [JSON.stringify(some)]);
        return messages.map(() => undefined);
      },
    }),
    async enqueueFor(endpoint_id, { event_id, type, time, data }) {
      const values = [endpoint_id, event_id, type, time, data];
      const [row] = await db.query<{ delivery_id: number }>(statements.enqueueFor, values);
      return one(endpoint_id, row?.delivery_id ?? 0);
    },
    take: (now, seconds) => db.query<DueDelivery>(statements.take, [now, seconds]),
    async recordAttempt({ delivery_id, endpoint }, { at, status, error, ms }, outcome) {
      const { next_at = null } = outcome;
      const values = [delivery_id, endpoint.endpoint_id, at, status, error, ms, outcome.status, next_at];
      await db.query(statements.record, values);
    },
    async list(endpoint_id, { limit, cursor }) {
      const before = cursorId(cursor) ?? Number.MAX_SAFE_INTEGER;
      const rows = await db.query<Delivery>(statements.deliveries, [endpoint_id, before, limit + 1]);
      return pageOf(rows, limit, (row) => row.delivery_id);
    },
    async resend(endpoint_id, delivery_id, now) {
      await db.query(statements.resend, [endpoint_id, delivery_id, now]);
      return one(endpoint_id, delivery_id);
    },
    async forget(before) {
      await db.query(statements.forget, [before]);
    },
  };
}

function statementsOf(schema: string, endpointColumns: string) {
  const statement = (name: string, text: string) => ({ name: `${schema} ${name}`, text });
  return {
    wanted: statement('wanted', wantedText(schema)),
    enqueue: statement('enqueue', enqueueText(schema)),
    enqueueFor: statement(
      'enqueue for one',
      `insert into ${schema}.deliveries
         (endpoint_id, message_id, type, time, data, status, tries, next_at, created_at)
       values ($1, $2, $3, $4, $5, 'waiting', 0, $4, $4) returning delivery_id`,
    ),
    take: statement('take', takeText(schema, endpointColumns)),
    record: statement('record attempt', recordText(schema)),
    deliveries: statement(
      'deliveries',
      deliveriesText(schema, 'd.delivery_id < $2 order by d.delivery_id desc limit $3'),
    ),
    delivery: statement('delivery', deliveriesText(schema, 'd.delivery_id = $2')),
    resend: statement(
      'resend',
      `update ${schema}.deliveries set status = 'waiting', tries = 0, next_at = $3
       where endpoint_id = $1 and delivery_id = $2`,
    ),
    forget: statement(
      'forget',
      `with gone as (delete from ${schema}.deliveries where created_at < $1 returning delivery_id)
       delete from ${schema}.attempts where delivery_id in (select delivery_id from gone)`,
    ),
  };
}

const wants = (schema: string): string =>
  `join ${schema}.endpoints e on (e.user_id = m.user_id or m.user_id is null or e.everyone) and e.status = 'active'
    and e.types::jsonb ? m.type`;

const wantedText = (schema: string): string => `
  select distinct m.event_id from json_to_recordset($1::json) as m(event_id uuid, type text, user_id bigint)
  ${wants(schema)}`;

// The constraint makes it once: an event that comes again finds its delivery.
const enqueueText = (schema: string): string => `
  insert into ${schema}.deliveries
    (endpoint_id, message_id, type, time, data, status, tries, next_at, created_at)
  select e.endpoint_id, m.event_id, m.type, m.time, m.data, 'waiting', 0, m.time, now()
  from json_to_recordset($1::json) as m(event_id uuid, type text, time timestamptz, data text, user_id bigint)
  ${wants(schema)}
  order by e.endpoint_id, m.time
  on conflict (endpoint_id, message_id) do nothing`;

// Endpoint by endpoint, so that neither a slow one nor a disabled one with a long queue takes the turn of the others.
const takeText = (schema: string, endpointColumns: string): string => `with candidates as (
    select q.delivery_id from ${schema}.endpoints e cross join lateral (
      select d.delivery_id, d.next_at from ${schema}.deliveries d
      where d.endpoint_id = e.endpoint_id and d.status = 'waiting' and d.next_at <= $1
      order by d.next_at limit ${OF_ONE}) q
    where e.status = 'active' order by q.next_at limit ${AT_ONCE}),
  free as (
    select delivery_id from ${schema}.deliveries
    where delivery_id in (select delivery_id from candidates) and status = 'waiting' and next_at <= $1
    for update skip locked),
  taken as (
    update ${schema}.deliveries d set next_at = $1::timestamptz + make_interval(secs => $2)
    from free where d.delivery_id = free.delivery_id
    returning d.delivery_id, d.endpoint_id, d.message_id, d.type, d.time, d.data, d.tries)
  select t.delivery_id, t.message_id, t.type, t.time, t.data, t.tries, row_to_json(e) as endpoint
  from taken t join (select ${endpointColumns} from ${schema}.endpoints) e using (endpoint_id)`;

const recordText = (schema: string): string => `with recorded as (
    update ${schema}.deliveries set status = $7, next_at = $8, tries = tries + 1
    where delivery_id = $1 returning delivery_id),
  health as (
    update ${schema}.endpoints set failing_since = case when $7 = 'delivered' then null else $3::timestamptz end
    where endpoint_id = $2 and (failing_since is null) = ($7 <> 'delivered'))
  insert into ${schema}.attempts (delivery_id, at, status, error, ms)
  select delivery_id, $3, $4, $5, $6 from recorded`;

const deliveriesText = (schema: string, which: string): string => `
  select d.delivery_id, d.endpoint_id, d.message_id, d.type, d.status, d.created_at,
    case when d.status = 'waiting' then d.next_at end as next_at,
    coalesce((select json_agg(json_build_object('at', a.at, 'status', a.status, 'error', a.error, 'ms', a.ms) order by a.attempt_id)
      from ${schema}.attempts a where a.delivery_id = d.delivery_id), '[]') as attempts
  from ${schema}.deliveries d where d.endpoint_id = $1 and ${which}`;
