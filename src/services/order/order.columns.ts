import type { Columns } from '../../platform/db/columns.ts';
import type { OrderState } from './order.model.ts';

/** How both stores keep an order: one row, its lines as JSON in it. */
export const ORDER_COLUMNS: Columns<OrderState> = {
  order_id: 'bigint',
  user_id: 'bigint',
  username: 'text',
  items: 'json',
  subtotal: 'bigint',
  tax: 'bigint',
  tax_rate: 'text',
  total: 'bigint',
  currency: 'text',
  status: 'text',
  payment_status: 'text',
  fulfillment_status: 'text',
  paid_total: 'bigint',
  refunded_total: 'bigint',
  credited_total: 'bigint',
  shipment_status: 'text',
  sent_again: 'integer',
  delivered_at: 'timestamptz',
  shipping_address: 'json',
  expires_at: 'timestamptz',
  created_at: 'timestamptz',
  updated_at: 'timestamptz',
};
