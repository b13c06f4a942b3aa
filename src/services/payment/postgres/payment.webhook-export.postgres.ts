import { coalesce } from '../../../platform/db/coalesce.ts';
import type { PostgresStore } from '../../../platform/db/postgres/store/store.ts';
import type { ExportMessage, WebhookExport } from '../payment.repository.ts';
import { EXPORT_PAGE_SIZE, type ExportPage } from '../webhook-export/payment.webhook-export.contract.ts';

/** What the service that imports asks with: more would not fit into an answer. */
const PAGE_BYTES = 2_000_000;
/** Longer than an attempt of an earlier version lasts, which may still be under way at the cut. */
const ATTEMPT_SECONDS = 20;

type Cut = Pick<ExportPage, 'cut_at' | 'last_endpoint_id' | 'last_delivery_id'>;

/** The tables of webhooks that payment had, read and emptied page by page. */
export function webhookExportPostgres({ schema, db }: PostgresStore): WebhookExport {
  const statements = statementsOf(schema);
  let known: Cut | undefined;

  async function findCut(): Promise<Cut | undefined> {
    const [found] = known ? [known] : await db.query<Cut>(statements.cut);
    known = found;
    return found;
  }

  async function makeCut(): Promise<Cut> {
    return db.transaction(async (sql) => {
      // Every statement that queues, takes or sends reads this table: none runs while the cut is made.
      await sql.script(`lock table ${schema}.webhook_endpoints in access exclusive mode`);
      await sql.query(statements.makeCut);
      await sql.query(statements.freeze);
      const [made] = await sql.query<Cut>(statements.cut);
      if (!made) throw new Error('the cut was not made');
      return made;
    });
  }

  const enqueue = coalesce<ExportMessage, void>({
    name: 'payment webhook enqueue',
    async run(messages) {
      await db.query(statements.enqueue, [JSON.stringify(messages)]);
      return messages.map(() => undefined);
    },
  });

  return {
    async page({ endpoints: imported, deliveries: sent }) {
      const cut = (await findCut()) ?? (await makeCut());
      if (imported.length > 0) await db.query(statements.forgetSecrets, [imported]);
      if (sent.length > 0) await db.query(statements.forgetDeliveries, [sent]);
      // An earlier version beside this one may still create an endpoint.
      await db.query(statements.freeze);
      const endpoints = await db.query<ExportPage['endpoints'][number]>(statements.endpoints);
      if (endpoints.length > 0) return { ...cut, endpoints, deliveries: [], more: true };
      const deliveries = await db.query<ExportPage['deliveries'][number]>(statements.deliveries, [cut.cut_at]);
      const [left] = await db.query<{ some: boolean }>(statements.left);
      return { ...cut, endpoints, deliveries, more: left?.some === true };
    },
    async enqueue(message) {
      const cut = await findCut();
      if (cut === undefined || message.time < cut.cut_at) await enqueue(message);
    },
  };
}

const DELIVERY = 'delivery_id, endpoint_id, message_id, type, time, data, status, tries, next_at, created_at';

function statementsOf(schema: string) {
  const statement = (name: string, text: string) => ({ name: `${schema} webhook export ${name}`, text });
  const last = (sequence: string) => `(select case when is_called then last_value else 0 end from ${sequence})`;
  return {
    cut: statement('cut', `select cut_at, last_endpoint_id, last_delivery_id from ${schema}.webhook_export`),
    // The times of events are in milliseconds: those of the current one are on this side of the cut.
    makeCut: statement(
      'make cut',
      `insert into ${schema}.webhook_export (cut_at, last_endpoint_id, last_delivery_id)
       select date_trunc('milliseconds', clock_timestamp()) + interval '1 millisecond',
         ${last(`${schema}.webhook_endpoint_ids`)}, ${last(`${schema}.webhook_deliveries_delivery_id_seq`)}
       on conflict do nothing`,
    ),
    freeze: statement(
      'freeze',
      `update ${schema}.webhook_endpoints set exported_status = status, status = 'deleted', version = version + 1
       where exported_status is null and not imported`,
    ),
    endpoints: statement(
      'endpoints',
      `select endpoint_id, user_id, url, types, everyone, exported_status as status, disabled_reason, secret,
         previous_secret, previous_until, failing_since, created_at, version
       from ${schema}.webhook_endpoints where not imported order by endpoint_id limit ${EXPORT_PAGE_SIZE}`,
    ),
    deliveries: statement('deliveries', deliveriesText(schema)),
    left: statement('left', `select exists (select from ${schema}.webhook_deliveries) as some`),
    forgetSecrets: statement(
      'forget secrets',
      `update ${schema}.webhook_endpoints set imported = true, secret = '', previous_secret = null
       where endpoint_id = any($1)`,
    ),
    forgetDeliveries: statement(
      'forget deliveries',
      `with gone as (delete from ${schema}.webhook_deliveries where delivery_id = any($1) returning delivery_id)
       delete from ${schema}.webhook_attempts where delivery_id in (select delivery_id from gone)`,
    ),
    enqueue: statement('enqueue', enqueueText(schema)),
  };
}

// What waits comes first. While an earlier version may still be sending, what is not due may be under way there.
const deliveriesText = (schema: string): string => `
  with waiting as (
    select ${DELIVERY} from ${schema}.webhook_deliveries
    where status = 'waiting' and (next_at <= clock_timestamp()
      or clock_timestamp() > $1::timestamptz + interval '${ATTEMPT_SECONDS} seconds')
    order by endpoint_id, next_at limit ${EXPORT_PAGE_SIZE}),
  past as (
    select ${DELIVERY} from ${schema}.webhook_deliveries
    where status <> 'waiting' and not exists (select from waiting) order by delivery_id limit ${EXPORT_PAGE_SIZE}),
  sized as (
    select *, sum(octet_length(data)) over (order by delivery_id) - octet_length(data) as bytes_before
    from (select * from waiting union all select * from past) page)
  select ${DELIVERY}, coalesce((
    select json_agg(json_build_object('at', a.at, 'status', a.status, 'error', a.error, 'ms', a.ms) order by a.attempt_id)
    from ${schema}.webhook_attempts a where a.delivery_id = s.delivery_id), '[]') as attempts
  from sized s where bytes_before < ${PAGE_BYTES} order by delivery_id`;

// As it was queued before the cut, and only for endpoints of that time.
const enqueueText = (schema: string): string => `
  insert into ${schema}.webhook_deliveries
    (endpoint_id, message_id, type, time, data, status, tries, next_at, created_at)
  select e.endpoint_id, m.event_id, m.type, m.time, m.data, 'waiting', 0, m.time, now()
  from json_to_recordset($1::json) as m(event_id uuid, type text, time timestamptz, data text, user_id bigint)
  join ${schema}.webhook_endpoints e on (e.user_id = m.user_id or e.everyone)
    and coalesce(e.exported_status, e.status) = 'active' and e.types::jsonb ? m.type
  where not exists (select from ${schema}.webhook_export x where m.time >= x.cut_at)
  order by e.endpoint_id, m.time
  on conflict (endpoint_id, message_id) do nothing`;
