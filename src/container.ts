import type { Wire } from './platform/app/module.ts';
import { analyticsModule } from './services/analytics/index.ts';
import { deliveryModule } from './services/delivery/index.ts';
import { gatewayModule } from './services/gateway/index.ts';
import { invoiceModule } from './services/invoice/index.ts';
import { orderModule } from './services/order/index.ts';
import { paymentModule } from './services/payment/index.ts';
import { productModule } from './services/product/index.ts';
import { userModule } from './services/user/index.ts';
import { webhookModule } from './services/webhook/index.ts';

/** THE MAP: one line a service. A line may only name services above it, so calls never go in a circle. */
export function container(wire: Wire) {
  const user = wire(userModule, {});
  const product = wire(productModule, {});
  const payment = wire(paymentModule, { user });
  const delivery = wire(deliveryModule, { user, payment });
  const order = wire(orderModule, { user, product, payment, delivery });
  const invoice = wire(invoiceModule, { order, user, payment });
  const analytics = wire(analyticsModule, { order, invoice, payment, delivery, product });
  const webhook = wire(webhookModule, { user, payment });
  const gateway = wire(gatewayModule, {});
  return { user, product, payment, delivery, order, invoice, analytics, webhook, gateway };
}
