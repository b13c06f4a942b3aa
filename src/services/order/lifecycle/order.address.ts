import type { Actions } from '../../../platform/app/actions.ts';
import type { ApiOf } from '../../../platform/contract/contract.ts';
import { retryOnConflict } from '../../../platform/contract/retry-on-conflict.ts';
import type { deliveryOps } from '../../delivery/delivery.contract.ts';
import type { OrderAccess } from '../order.access.ts';
import { orderErrors, type orderOps } from '../order.contract.ts';
import { orderToShip } from '../order.model.ts';
import type { OrderRepository } from '../order.repository.ts';
import { mustTakeAddress, setAddress } from './order.address.model.ts';

interface AddressParts {
  readonly orders: Pick<OrderRepository, 'get' | 'save'>;
  readonly delivery: Pick<ApiOf<typeof deliveryOps>, 'setShippingAddress'>;
  readonly access: OrderAccess;
}

/**
 * Sets where parcels go: asks delivery, whose row decides between this and the packing, and saves. A crash in between is
 * finished by `compareShipments`.
 */
export function addressActions({ orders, delivery, access }: AddressParts) {
  return {
    async changeAddress(ctx, { order_id, shipping_address }) {
      const order = await access.visible(ctx, order_id);
      mustTakeAddress(order);
      const { set, status } = await delivery.setShippingAddress(ctx, { order: orderToShip(order), shipping_address });
      if (!set) throw orderErrors.ADDRESS_FIXED({ state: status });
      return retryOnConflict(async () =>
        orders.save(ctx, setAddress(await orders.get(order_id), shipping_address, ctx)),
      );
    },
  } satisfies Pick<Actions<typeof orderOps>, 'changeAddress'>;
}
