import type { Columns } from '../../platform/db/columns.ts';
import type { PostgresStore } from '../../platform/db/postgres/store/store.ts';
import { deliveryErrors } from './delivery.contract.ts';
import type { ShipmentState } from './delivery.model.ts';
import type { ShipmentRepository } from './delivery.repository.ts';

const COLUMNS: Columns<ShipmentState> = {
  shipment_id: 'bigint',
  order_id: 'bigint',
  user_id: 'bigint',
  username: 'text',
  items: 'json',
  ship_to: 'json',
  shipping_address: 'json',
  total: 'bigint',
  currency: 'text',
  sent_again: 'integer',
  cancelled_for: 'text',
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
  const shipments = store.table<ShipmentState>({
    table: 'shipments',
    key: 'shipment_id',
    columns: COLUMNS,
    conflicts: {
      one_shipment_per_order: () => deliveryErrors.EXISTS(),
      tracking_number_once: () => deliveryErrors.TRACKING_TAKEN(),
    },
  });
  const statements = statementsOf(schema, shipments.selected);
  const listAll = shipments.list({ name: 'all', where: '$3::text is null' });
  const listOfStatus = shipments.list({ name: 'of status', where: 'status = $3' });
  const listOfUser = shipments.list({ name: 'of user', where: 'user_id = $4 and ($3::text is null or status = $3)' });

  return {
    ids: store.ids('shipment_ids'),
    async get(shipment_id) {
      const found = await shipments.get(shipment_id);
      if (!found) throw deliveryErrors.NOT_FOUND();
      return found;
    },
    findByOrder: shipments.by<number>('order', 'order_id', (state) => state.order_id),
    async findByTracking(carrier, tracking_number) {
      const [row] = await db.query<ShipmentState>(statements.byTracking, [carrier, tracking_number]);
      return row;
    },
    list({ user_id, status = null }, page) {
      if (user_id !== undefined) return listOfUser(page, [status, user_id]);
      return status === null ? listAll(page, [status]) : listOfStatus(page, [status]);
    },
    underWay: (carrier, after, limit) => db.query<ShipmentState>(statements.underWay, [carrier, after, limit]),
    save: shipments.save,
    async setDestination(order_id, { ship_to, shipping_address }) {
      const values = [order_id, JSON.stringify(ship_to), JSON.stringify(shipping_address)];
      return (await db.query(statements.setDestination, values)).length > 0;
    },
    async addStep(shipment_id, step) {
      await db.query(statements.addStep, [shipment_id, JSON.stringify([step]), step.update_id]);
    },
  };
}

function statementsOf(schema: string, selected: string) {
  const select = `select ${selected} from ${schema}.shipments`;
  const named = (name: string, text: string) => ({ name: `${schema} ${name}`, text });
  return {
    byTracking: named(
      'shipment by tracking number',
      `${select} where lower(carrier collate "C") = lower($1 collate "C") and tracking_number = $2`,
    ),
    underWay: named(
      'shipments under way',
      `${select} where status in ('packed', 'shipped', 'in_transit') and lower(carrier collate "C") = lower($1 collate "C")
        and tracking_number is not null and shipment_id > $2 order by shipment_id limit $3`,
    ),
    setDestination: named(
      'set destination',
      `update ${schema}.shipments set ship_to = $2::json, shipping_address = $3::json, version = version + 1
        where order_id = $1 and status = 'pending' returning order_id`,
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
