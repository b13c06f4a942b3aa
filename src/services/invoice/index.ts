import { defineService } from '../../platform/app/module.ts';
import { invoiceCopyClickHouse } from './clickhouse/invoice.copy.clickhouse.ts';
import { invoiceClickHouse } from './clickhouse/invoice.repository.clickhouse.ts';
import { invoiceConsumers } from './invoice.consumers.ts';
import { invoiceContract } from './invoice.contract.ts';
import { invoiceService } from './invoice.service.ts';
import { invoiceSettings } from './pdf/invoice.settings.ts';
import { invoiceCopyPostgres } from './postgres/invoice.copy.postgres.ts';
import { invoicePostgres } from './postgres/invoice.repository.postgres.ts';

export const invoiceModule = defineService({
  contract: invoiceContract,
  settings: invoiceSettings,
  stores: {
    postgres: { open: invoicePostgres, copy: invoiceCopyPostgres },
    clickhouse: { open: invoiceClickHouse, copy: invoiceCopyClickHouse, events: 'invoices' },
  },
  service: invoiceService,
  consumers: invoiceConsumers,
  jobs: [{ name: 'compare_receivables', everySeconds: 60, run: (invoice, ctx) => invoice.compareReceivables(ctx, {}) }],
});
