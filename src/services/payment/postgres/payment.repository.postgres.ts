import type { Tools } from '../../../platform/app/module.ts';
import { AppError, common } from '../../../platform/contract/errors.ts';
import { fromDecimal } from '../../../platform/contract/money.ts';
import { shopTimeInPostgres } from '../../../platform/contract/shop-time.ts';
import { cursorId, pageOf } from '../../../platform/db/pages.ts';
import type { PostgresStore } from '../../../platform/db/postgres/store/store.ts';
import { type Charge, type OrderBalance, type TransactionState, ZERO } from '../model/payment.model.ts';
import type { Payment, Refund } from '../model/payment.operation.model.ts';
import { paymentErrors } from '../payment.contract.ts';
import type { PaymentRepository } from '../payment.repository.ts';
import { paymentSettings } from '../payment.settings.ts';
import { accountsPostgres } from './payment.accounts.postgres.ts';
import { chargeSpec, limitError } from './payment.charges.postgres.ts';
import { ledgerPostgres } from './payment.ledger.postgres.ts';
import { operationSpec, type SavedOperation, withCharges } from './payment.operations.postgres.ts';
import { paymentReaders } from './payment.readers.postgres.ts';
import { receivablesPostgres } from './payment.receivables.postgres.ts';
import { paymentStatements } from './payment.statements.postgres.ts';
import { webhookExportPostgres } from './payment.webhook-export.postgres.ts';

/** Transactions, payments and refunds in PostgreSQL. */
export function paymentPostgres(store: PostgresStore, { config }: Pick<Tools, 'config'>): PaymentRepository {
  const { schema, db } = store;
  const max = fromDecimal(config.valuesOf(paymentSettings).PAYMENT_MAX_TOTAL, config.CURRENCY);
  const saveCharge = store.saver<Charge>(chargeSpec(schema, max));
  const saveOperation = store.saver<SavedOperation>(operationSpec(schema, shopTimeInPostgres(config.SHOP_TIME_ZONE)));
  const statements = paymentStatements(schema);
  const read = paymentReaders(store);

  return {
    ids: {
      transaction: store.ids('transaction_ids'),
      operation: store.ids('act_ids'),
      payment: store.ids('payment_ids'),
      refund: store.ids('refund_ids'),
    },
    ledger: ledgerPostgres(store),
    webhookExport: webhookExportPostgres(store),
    receivables: receivablesPostgres(store),
    ...accountsPostgres({ db, read, statements }),
    saveCharge: (ctx, change) =>
      saveCharge(ctx, change).catch(async (error: unknown) => {
        // The statement leaves out a charge over its limit, and the saver reports a row that was left out as STALE.
        throw error instanceof AppError && error.code === common.STALE.code ? await refusal(change.next) : error;
      }),
    record: (ctx, change) => saveOperation(ctx, withCharges(change)),
    async get(transaction_id) {
      const found = await read.transaction(transaction_id);
      if (!found) throw paymentErrors.NOT_FOUND();
      return found;
    },
    async list({ user_id, status, invoice_id }, { limit, cursor }) {
      const values = [user_id ?? null, before(cursor), status ?? null, invoice_id ?? null, limit + 1];
      const statement = user_id === undefined ? statements.listAll : statements.listOfUser;
      return pageOf(await db.query<TransactionState>(statement, values), limit, (row) => row.transaction_id);
    },
    async saveProviderRef(payment_id, provider_ref) {
      await db.query(statements.saveProviderRef, [payment_id, provider_ref]);
    },
    findByInvoice: read.balanceOfInvoice,
    findPayment: (by) => ('request' in by ? read.requested(by.request) : read.payment(by.payment_id)),
    findRefund: read.refund,
    async refunds({ user_id }, { limit, cursor }) {
      const statement = user_id === undefined ? statements.refundsOfAll : statements.refundsOfUser;
      const rows = await db.query<Refund>(statement, [user_id ?? null, before(cursor), limit + 1]);
      return pageOf(rows, limit, (row) => row.refund_id);
    },
    async unfinished(started_before) {
      await db.query(statements.endBalances);
      const [payments, refunds, balances] = await Promise.all([
        db.query<Payment>(statements.startedPayments, [started_before]),
        db.query<Refund>(statements.startedRefunds, [started_before]),
        db.query<OrderBalance>(statements.balancesToSettle),
      ]);
      return { payments, refunds, balances };
    },
  };

  async function refusal({ user_id, order_id, invoice_total }: Charge): Promise<AppError> {
    if (order_id === null) return limitError.user(db, schema, user_id, max);
    return limitError.invoice(await read.balance(order_id), invoice_total ?? ZERO);
  }
}

const before = (cursor: string | undefined): number => cursorId(cursor) ?? Number.MAX_SAFE_INTEGER;
