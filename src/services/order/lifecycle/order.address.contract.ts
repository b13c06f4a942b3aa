import { type TSchema, Type } from 'typebox';
import { Id, op } from '../../../platform/contract/contract.ts';
import { ShippingAddress } from '../../delivery/delivery.contract.ts';

/** What changes the address of an order; `order` is what it answers. */
export const addressOps = <O extends TSchema>(order: O) => ({
  changeAddress: op('PATCH /orders/{order_id}', {
    access: 'customer',
    changes: 'get',
    aliases: ['/api/v1/orders/{order_id}'],
    scope: 'orders:write',
    summary: 'Sets where the parcel of an order goes, until it is packed',
    example: {
      shipping_address: {
        name: 'Ada',
        line1: 'St. James’s Square 12',
        postal_code: 'SW1Y 4JH',
        city: 'London',
        country: 'GB',
      },
    },
    input: Type.Object({ order_id: Id(), shipping_address: ShippingAddress }),
    output: order,
  }),
});
