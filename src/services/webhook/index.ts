import { defineService } from '../../platform/app/module.ts';
import { webhookPostgres } from './postgres/webhook.repository.postgres.ts';
import { webhookConsumers } from './webhook.consumers.ts';
import { webhookContract } from './webhook.contract.ts';
import { webhookService } from './webhook.service.ts';

const HOUR = 3_600;

import { webhookSettings } from './webhook.settings.ts';

export const webhookModule = defineService({
  contract: webhookContract,
  settings: webhookSettings,
  stores: { postgres: { open: webhookPostgres } },
  service: webhookService,
  consumers: webhookConsumers,
  jobs: [
    { name: 'send_due', everySeconds: 2, run: (webhook, ctx) => webhook.sendDue(ctx, {}) },
    { name: 'import_from_payment', everySeconds: 2, run: (webhook, ctx) => webhook.importRest(ctx) },
    { name: 'forget_deliveries', everySeconds: HOUR, run: (webhook, ctx) => webhook.forgetDeliveries(ctx) },
  ],
});
