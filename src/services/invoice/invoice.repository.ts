import type { Change, Ctx, Page, PageRequest } from '../../platform/contract/contract.ts';
import type { Ids } from '../../platform/contract/ids.ts';
import type { Reconciliation, ReconciliationRange } from '../../platform/contract/reconciliation.ts';
import type { InvoiceStatus } from './invoice.contract.ts';
import type { InvoiceState } from './invoice.model.ts';

export interface InvoiceFilter {
  readonly user_id?: number;
  readonly status?: InvoiceStatus;
}

/** How invoices are kept. */
export interface InvoiceRepository {
  readonly ids: Ids;
  /** Throws INVOICE_NOT_FOUND. */
  get(invoice_id: number): Promise<InvoiceState>;
  find(invoice_id: number): Promise<InvoiceState | undefined>;
  /** The living one of an order, else the newest that was cancelled. */
  findByOrder(order_id: number): Promise<InvoiceState | undefined>;
  /** All invoices of these orders. */
  ofOrders(order_ids: readonly number[]): Promise<InvoiceState[]>;
  /** Newest first. */
  list(filter: InvoiceFilter, page: PageRequest): Promise<Page<InvoiceState>>;
  /** What a range of invoices comes to. */
  figures(range: ReconciliationRange): Promise<Reconciliation>;
  /**
   * Gives a new invoice the next number of its series, without a gap. Throws INVOICE_EXISTS when its order has a living
   * one.
   */
  save(ctx: Ctx, change: Change<InvoiceState>): Promise<InvoiceState>;
}
