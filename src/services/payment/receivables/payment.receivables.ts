import type { Actions } from '../../../platform/app/actions.ts';
import type { Ctx } from '../../../platform/contract/contract.ts';
import { retryOnConflict } from '../../../platform/contract/retry-on-conflict.ts';
import { publicTransaction } from '../model/payment.model.ts';
import { closeInvoice, publicReceivable } from '../model/payment.receivable.model.ts';
import { paymentErrors, type paymentOps } from '../payment.contract.ts';
import { operationRecorder } from '../payment.operations.ts';
import type { PaymentRepository } from '../payment.repository.ts';
import type { Settlement } from '../settlement/payment.settlement.ts';
import { outsidePayments } from './payment.outside.ts';
import type { Receivable } from './payment.receivables.contract.ts';

interface ReceivableParts {
  readonly payments: PaymentRepository;
  readonly settlement: Pick<Settlement, 'cancelledOrder'>;
  readonly currency: string;
}

type ReceivableActions = Pick<
  Actions<typeof paymentOps>,
  | 'openReceivable'
  | 'closeReceivable'
  | 'payOutside'
  | 'closeOrder'
  | 'findReceivables'
  | 'receivables'
  | 'receivableFigures'
>;

/** What orders owe: opened and closed by their invoices, ended with their orders. */
export function receivableActions({ payments, settlement, currency }: ReceivableParts) {
  const { receivables } = payments;
  const record = operationRecorder(payments);
  const payOutside = outsidePayments(payments, currency);

  return {
    async openReceivable(ctx, opening) {
      const opened = await retryOnConflict(() => receivables.open({ ...opening, at: ctx.now }));
      if (opened.closed) throw paymentErrors.ORDER_CLOSED();
      if (opened.invoice_id !== opening.invoice_id) throw paymentErrors.INVOICE_OPEN();
      return publicReceivable(opened);
    },
    async closeReceivable(ctx, { user_id, ...invoice }) {
      if (user_id !== undefined) await receivables.markClosed({ ...invoice, user_id });
      await retryOnConflict(() => close(ctx, invoice));
      return found(invoice.order_id);
    },
    async payOutside(ctx, { key, ...money }) {
      const transaction = await retryOnConflict(() => payOutside(ctx, money, `outside ${money.order_id} ${key}`));
      return { receivable: await found(money.order_id), transaction: publicTransaction(transaction) };
    },
    async closeOrder(ctx, order) {
      await retryOnConflict(() => settlement.cancelledOrder(ctx, order));
      return found(order.order_id);
    },
    async findReceivables(_ctx, { order_ids }) {
      return { items: (await receivables.find(order_ids)).map(publicReceivable) };
    },
    async receivables(_ctx, { limit = 50, cursor }) {
      const { items, next } = await receivables.list({ limit, cursor });
      return { items: items.map(publicReceivable), next };
    },
    receivableFigures: (_ctx, range) => receivables.figures(range),
  } satisfies ReceivableActions;

  async function close(ctx: Ctx, invoice: { order_id: number; invoice_id: number }): Promise<void> {
    const [balance] = await receivables.find([invoice.order_id]);
    if (!balance) throw paymentErrors.INVOICE_NOT_FOUND();
    const account = await payments.accountOfOrder(invoice.order_id, balance.user_id);
    await record(ctx, (act_id) => closeInvoice(account, { ...invoice, act_id, currency }, ctx));
  }

  async function found(order_id: number): Promise<Receivable> {
    const [one] = await receivables.find([order_id]);
    if (!one) throw paymentErrors.INVOICE_NOT_FOUND();
    return publicReceivable(one);
  }
}
