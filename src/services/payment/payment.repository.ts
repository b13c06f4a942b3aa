import type { Change, Ctx, Page, PageRequest } from '../../platform/contract/contract.ts';
import type { Ids } from '../../platform/contract/ids.ts';
import type { Minor } from '../../platform/contract/money.ts';
import type { Reconciliation, ReconciliationRange } from '../../platform/contract/reconciliation.ts';
import type { BalanceDifference, LedgerEntry, TrialBalanceLine } from './ledger/payment.ledger.contract.ts';
import type { Account, Charge, OrderBalance, TransactionState } from './model/payment.model.ts';
import type { Payment, PaymentOperation, Refund } from './model/payment.operation.model.ts';
import type { InvoiceOpening, ProcessedBalance } from './model/payment.receivable.model.ts';
import type { PaidAccount } from './model/payment.refunds.model.ts';
import type { TransactionStatus } from './payment.contract.ts';
import type { ExportPage, Received } from './webhook-export/payment.webhook-export.contract.ts';

export interface TransactionFilter {
  /** Undefined: everybody's. */
  readonly user_id?: number;
  readonly status?: TransactionStatus;
  readonly invoice_id?: number;
}

/** Ids, known before anything is saved. */
export interface PaymentIds {
  readonly transaction: Ids;
  readonly operation: Ids;
  readonly payment: Ids;
  readonly refund: Ids;
}

/** How transactions, payments, refunds and the ledger are kept. */
export interface PaymentRepository {
  readonly ids: PaymentIds;
  readonly ledger: Ledger;
  readonly receivables: Receivables;
  readonly webhookExport: WebhookExport;
  /**
   * Saves a new transaction within the limit of its user or of its invoice. Throws PAYMENT_LIMIT,
   * PAYMENT_INVOICE_COVERED or PAYMENT_INVOICE_CANCELLED.
   */
  saveCharge(ctx: Ctx, change: Change<Charge>): Promise<TransactionState>;
  /** Saves an operation whole. Throws STALE when something that it changes has changed since it was read. */
  record(ctx: Ctx, change: Change<PaymentOperation>): Promise<PaymentOperation>;
  /** Throws PAYMENT_NOT_FOUND. */
  get(transaction_id: number): Promise<TransactionState>;
  /** Newest first. */
  list(filter: TransactionFilter, page: PageRequest): Promise<Page<TransactionState>>;
  /** The oldest open transactions of a user, one more than a payment takes. */
  openAccount(user_id: number): Promise<Account>;
  /** These transactions, with the balances of their orders and their payments. */
  account(transaction_ids: readonly number[]): Promise<PaidAccount>;
  /** All transactions of an order, with their payments, and its balance if there is one. */
  accountOfOrder(order_id: number, user_id: number): Promise<PaidAccount>;
  /** The balance of the order whose last invoice this is. */
  findByInvoice(invoice_id: number): Promise<OrderBalance | undefined>;
  /** Saves the provider's own id of a payment; the first one stays. */
  saveProviderRef(payment_id: number, provider_ref: string): Promise<void>;
  findPayment(by: { payment_id: number } | { request: string }): Promise<Payment | undefined>;
  findRefund(refund_id: number): Promise<Refund | undefined>;
  /** Newest first. */
  refunds(filter: { user_id?: number }, page: PageRequest): Promise<Page<Refund>>;
  /** What was started before this moment and is not finished. */
  unfinished(before: string): Promise<Unfinished>;
}

/** What orders owe: one receivable an order, with its last invoice. */
export interface Receivables {
  /**
   * Opens the receivable of an order for an invoice, and returns it as it is then: unchanged when its order or this
   * invoice was cancelled, and when an invoice is open. Throws STALE when it was made at the same moment.
   */
  open(opening: InvoiceOpening): Promise<ProcessedBalance>;
  find(order_ids: readonly number[]): Promise<ProcessedBalance[]>;
  /** The newest order first, but for those that were cancelled before anything was charged. */
  list(page: PageRequest): Promise<Page<ProcessedBalance>>;
  /** What those of a range of orders come to for which something was paid. */
  figures(range: ReconciliationRange): Promise<Reconciliation>;
  /** From now on nothing more is charged for this order. It may be repeated. */
  closeOrder(order_id: number, user_id: number): Promise<void>;
  /** An invoice that was not opened is not opened any more. */
  markClosed(invoice: { order_id: number; invoice_id: number; user_id: number }): Promise<void>;
}

export interface Unfinished {
  readonly payments: readonly Payment[];
  readonly refunds: readonly Refund[];
  /** Balances of cancelled orders with open charges or money that was not refunded. */
  readonly balances: readonly OrderBalance[];
}

/** The ledger, to read: it is written by `saveCharge` and `record` alone. */
export interface Ledger {
  accounts(
    prefix: string | undefined,
    page: PageRequest,
  ): Promise<Page<{ account: string; currency: string; balance: Minor }>>;
  entries(filter: { transaction_id?: number; order_id?: number }, page: PageRequest): Promise<Page<LedgerEntry>>;
  /** What was posted to each account up to a moment; what users owe is one account. */
  trialBalance(at: string): Promise<TrialBalanceLine[]>;
  /** What a range of transactions comes to, and what the ledger says of all of them. */
  figures(range: ReconciliationRange): Promise<Reconciliation>;
  readonly comparison: LedgerComparison;
}

/** Of what the ledger is compared with: transactions, the receivables of orders, the wallets of users. */
export type ComparedKind = 'transaction' | 'order' | 'wallet';

/** Compares what is kept with what the ledger says, a bounded number at once. */
export interface LedgerComparison {
  /** The id of the newest entry, and of the newest that is older than a moment; 0 when there is none. */
  lastEntry(before: string): Promise<{ readonly entry_id: number; readonly settled: number }>;
  /** What the next entries after one belong to, and the last of them that is older than a moment. */
  changedAfter(entry_id: number, before: string): Promise<LedgerChanges>;
  /** The ids after one, in their order, so many as are compared at once. */
  page(kind: ComparedKind, after: number): Promise<number[]>;
  /** What differs of these, by id. */
  compare(kind: ComparedKind, ids: readonly number[]): Promise<readonly FoundDifference[]>;
}

export interface LedgerChanges {
  readonly ids: Readonly<Record<ComparedKind, readonly number[]>>;
  readonly last: number;
  /** The last one that is older than the moment, if the first one is. */
  readonly settled?: number;
  /** There are more than one look takes. */
  readonly more: boolean;
}

export type FoundDifference = Omit<BalanceDifference, 'since'> & { readonly id: number };

/** An event for endpoints that were kept here before webhooks became a service. */
export interface ExportMessage {
  readonly event_id: string;
  readonly type: string;
  readonly time: string;
  readonly data: string;
  readonly user_id: number;
}

/** Webhooks that were kept here before they became a service: handed out to it, page by page. */
export interface WebhookExport {
  /** The next page. The first one makes the cut: from then on events are queued there. */
  page(received: Received): Promise<ExportPage>;
  /** Queues an event from before the cut for the endpoints of that time; once, however often it comes. */
  enqueue(message: ExportMessage): Promise<void>;
}
