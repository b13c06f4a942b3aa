import { AppError, common } from '../../../platform/contract/errors.ts';
import { cursorId, pageOf } from '../../../platform/db/pages.ts';
import type { TableSpec } from '../../../platform/db/postgres/store/save.ts';
import type { PostgresStore } from '../../../platform/db/postgres/store/store.ts';
import { webhookErrors } from '../webhook.errors.contract.ts';
import { type EndpointState, MAX_ENDPOINTS } from '../webhook.model.ts';
import type { WebhookRepository } from '../webhook.repository.ts';
import { deliveriesPostgres } from './webhook.deliveries.postgres.ts';
import { importPostgres } from './webhook.import.postgres.ts';

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

/** Endpoints and deliveries in PostgreSQL. */
export function webhookPostgres(store: PostgresStore): WebhookRepository {
  const { schema, db } = store;
  const save = store.saver(endpointSpec(schema));
  const read = store.reader<number, EndpointState>(
    'webhook endpoint',
    `select ${SELECTED} from ${schema}.endpoints where endpoint_id = any($1)`,
    (row) => row.endpoint_id,
  );
  const list = {
    name: `${schema} endpoints`,
    text: `select ${SELECTED} from ${schema}.endpoints
      where ($1::bigint is null or user_id = $1) and status <> 'deleted' and endpoint_id < $2
      order by endpoint_id desc limit $3`,
  };
  const active = {
    name: `${schema} active endpoints`,
    text: `select ${SELECTED} from ${schema}.endpoints where user_id = $1 and status = 'active'`,
  };
  return {
    ids: store.ids('endpoint_ids'),
    async get(endpoint_id) {
      const found = await read(endpoint_id);
      if (!found || found.status === 'deleted') throw webhookErrors.ENDPOINT_NOT_FOUND();
      return found;
    },
    async list({ user_id }, { limit, cursor }) {
      const before = cursorId(cursor) ?? Number.MAX_SAFE_INTEGER;
      const rows = await db.query<EndpointState>(list, [user_id ?? null, before, limit + 1]);
      return pageOf(rows, limit, (row) => row.endpoint_id);
    },
    save: (ctx, change) =>
      save(ctx, change).catch((error: unknown) => {
        const full = change.next.version === 0 && error instanceof AppError && error.code === common.STALE.code;
        throw full ? webhookErrors.TOO_MANY({ most: MAX_ENDPOINTS }) : error;
      }),
    activeOf: (user_id) => db.query<EndpointState>(active, [user_id]),
    deliveries: deliveriesPostgres(store, SELECTED),
    imports: importPostgres(store, COLUMNS),
  };
}

function endpointSpec(schema: string): Omit<TableSpec<EndpointState>, 'schema'> {
  return {
    table: 'endpoints',
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
      ctes: `room as (select * from eligible e where (select count(*) from ${schema}.endpoints o
        where o.user_id = e.user_id and o.status <> 'deleted') < ${MAX_ENDPOINTS})`,
      select: `select ${Object.keys(COLUMNS).join(', ')}, 1 from room`,
    },
  };
}
