import { defineService } from '../../platform/module.ts';
import { invoiceConsumers } from './invoice.consumers.ts';
import { invoiceContract } from './invoice.contract.ts';
import { invoiceCopyClickHouse } from './invoice.copy.clickhouse.ts';
import { invoiceCopyPostgres } from './invoice.copy.postgres.ts';
import { invoiceClickHouse } from './invoice.repository.clickhouse.ts';
import { invoicePostgres } from './invoice.repository.postgres.ts';
import { invoiceService } from './invoice.service.ts';

export const invoiceModule = defineService({
  contract: invoiceContract,
  stores: {
    postgres: { open: invoicePostgres, copy: invoiceCopyPostgres },
    clickhouse: { open: invoiceClickHouse, copy: invoiceCopyClickHouse, events: 'invoices' },
  },
  service: invoiceService,
  consumers: invoiceConsumers,
});
