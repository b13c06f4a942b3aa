import { cursorId, pageOf } from '../../platform/db/pages.ts';
import type { PostgresStore } from '../../platform/db/postgres/store/store.ts';
import { deliveryErrors } from './delivery.contract.ts';
import type { ShipmentState } from './delivery.model.ts';
import type { ShipmentRepository } from './delivery.repository.ts';

const COLUMNS = {
  shipment_id: 'bigint',
  order_id: 'bigint',
  user_id: 'bigint',
  username: 'text',
  items: 'json',
  ship_to: 'json',
  status: 'text',
  carrier: 'text',
  tracking_number: 'text',
  history: 'jsonb',
  created_at: 'timestamptz',
  updated_at: 'timestamptz',
};

/** Shipments in PostgreSQL: one row a shipment, its history as JSON in it. */
export function deliveryPostgres(store: PostgresStore): ShipmentRepository {
  const { schema, db } = store;
  const statements = statementsOf(schema);
  const read = store.reader<number, ShipmentState>(
    'shipment',
    `${statements.select} where shipment_id = any($1)`,
    (row) => row.shipment_id,
  );
  const findByOrder = store.reader<number, ShipmentState>(
    'shipment by order',
    `${statements.select} where order_id = any($1)`,
    (row) => row.order_id,
  );

  return {
    ids: store.ids('shipment_ids'),
    async get(shipment_id) {
      const found = await read(shipment_id);
      if (!found) throw deliveryErrors.NOT_FOUND();
      return found;
    },
    findByOrder,
    async findByTracking(carrier, tracking_number) {
      const [row] = await db.query<ShipmentState>(statements.byTracking, [carrier, tracking_number]);
      return row;
    },
    async list({ user_id, status }, { limit, cursor }) {
      const before = cursorId(cursor) ?? Number.MAX_SAFE_INTEGER;
      const [statement, value] =
        user_id !== undefined
          ? [statements.ofUser, user_id]
          : status === undefined
            ? [statements.all, null]
            : [statements.ofStatus, null];
      const rows = await db.query<ShipmentState>(statement, [before, status ?? null, limit + 1, value]);
      return pageOf(rows, limit, (row) => row.shipment_id);
    },
    underWay: (carrier, after, limit) => db.query<ShipmentState>(statements.underWay, [carrier, after, limit]),
    save: store.saver<ShipmentState>({
      table: 'shipments',
      key: 'shipment_id',
      columns: COLUMNS,
      conflicts: {
        one_shipment_per_order: () => deliveryErrors.EXISTS(),
        tracking_number_once: () => deliveryErrors.TRACKING_TAKEN(),
      },
    }),
    async addStep(shipment_id, step) {
      await db.query(statements.addStep, [shipment_id, JSON.stringify([step]), step.update_id]);
    },
  };
}

function statementsOf(schema: string) {
  const select = `select ${Object.keys(COLUMNS).join(', ')}, version from ${schema}.shipments`;
  const named = (name: string, text: string) => ({ name: `${schema} ${name}`, text });
  // One statement for each way in, so that each runs along its own index.
  const list = (name: string, where: string) =>
    named(name, `${select} where ${where} and shipment_id < $1 order by shipment_id desc limit $3`);
  return {
    select,
    all: list('list', '$2::text is null and $4::bigint is null'),
    ofUser: list('list of user', 'user_id = $4 and ($2::text is null or status = $2)'),
    ofStatus: list('list of status', 'status = $2 and $4::bigint is null'),
    byTracking: named(
      'shipment by tracking number',
      `${select} where lower(carrier collate "C") = lower($1 collate "C") and tracking_number = $2`,
    ),
    underWay: named(
      'shipments under way',
      `${select} where status in ('packed', 'shipped', 'in_transit') and lower(carrier collate "C") = lower($1 collate "C")
        and tracking_number is not null and shipment_id > $2 order by shipment_id limit $3`,
    ),
    // The version grows, so that a save that was decided before is stale and does not overwrite the entry. The condition
    // is evaluated under the row lock: of two copies at the same moment the second finds the first.
    addStep: named(
      'add step',
      `update ${schema}.shipments set history = history || $2::jsonb, version = version + 1
        where shipment_id = $1 and not history @> jsonb_build_array(jsonb_build_object('update_id', $3::text))`,
    ),
  };
}
