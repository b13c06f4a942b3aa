import { defineService } from '../../platform/app/module.ts';
import { gatewayContract } from './gateway.contract.ts';
import { gatewayRoutes } from './gateway.routes.ts';

export const gatewayModule = defineService({
  contract: gatewayContract,
  service: () => ({}),
  edge: true,
  routes: gatewayRoutes,
});
