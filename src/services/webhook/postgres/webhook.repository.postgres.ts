import { AppError, common } from '../../../platform/contract/errors.ts';
import type { Columns } from '../../../platform/db/columns.ts';
import type { PostgresStore } from '../../../platform/db/postgres/store/store.ts';
import type { StateTableSpec } from '../../../platform/db/postgres/store/table.ts';
import { webhookErrors } from '../webhook.errors.contract.ts';
import { type EndpointState, MAX_ENDPOINTS } from '../webhook.model.ts';
import type { WebhookRepository, Wish } from '../webhook.repository.ts';
import { deliveriesPostgres } from './webhook.deliveries.postgres.ts';
import { importPostgres } from './webhook.import.postgres.ts';

const COLUMNS: Columns<EndpointState> = {
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

/** Endpoints and deliveries in PostgreSQL. */
export function webhookPostgres(store: PostgresStore): WebhookRepository {
  const { schema, db } = store;
  const endpoints = store.table(endpointSpec(schema));
  const list = endpoints.list({ name: 'all', where: "($3::bigint is null or user_id = $3) and status <> 'deleted'" });
  const active = {
    name: `${schema} active endpoints`,
    text: `select ${endpoints.selected} from ${schema}.endpoints where user_id = $1 and status = 'active'`,
  };
  const wishes = {
    name: `${schema} wishes`,
    text: `select user_id, types, everyone from ${schema}.endpoints where status = 'active' order by endpoint_id limit $1`,
  };
  return {
    ids: store.ids('endpoint_ids'),
    async get(endpoint_id) {
      const found = await endpoints.get(endpoint_id);
      if (!found || found.status === 'deleted') throw webhookErrors.ENDPOINT_NOT_FOUND();
      return found;
    },
    list: ({ user_id = null }, page) => list(page, [user_id]),
    save: (ctx, change) =>
      endpoints.save(ctx, change).catch((error: unknown) => {
        const full = change.next.version === 0 && error instanceof AppError && error.code === common.STALE.code;
        throw full ? webhookErrors.TOO_MANY({ most: MAX_ENDPOINTS }) : error;
      }),
    activeOf: (user_id) => db.query<EndpointState>(active, [user_id]),
    wishes: (limit) => db.query<Wish>(wishes, [limit]),
    deliveries: deliveriesPostgres(store, endpoints.selected),
    imports: importPostgres(store, COLUMNS),
  };
}

function endpointSpec(schema: string): StateTableSpec<EndpointState> {
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
