import type { Change, Ctx } from '../../platform/contract/contract.ts';
import { withId, withIds } from '../../platform/contract/ids.ts';
import { retryOnConflict } from '../../platform/contract/retry-on-conflict.ts';
import type { Log } from '../../platform/observability/log.ts';
import { capture, failPayment } from './model/payment.capture.model.ts';
import {
  emptyOperation,
  type Payment,
  type PaymentOperation,
  type Refund,
  savedAs,
} from './model/payment.operation.model.ts';
import { completeRefund, failRefund, refundable, settleCancelled } from './model/payment.refunds.model.ts';
import { MAX_REASON } from './payment.contract.ts';
import type { PaymentRepository } from './payment.repository.ts';
import type { PaymentOutcome } from './providers/provider.ts';
import type { Providers } from './providers/providers.ts';

/** What goes on with payments and refunds that wait for a provider, and with what cancelled orders leave behind. */
export interface Settlement {
  /** Asks the provider how a payment stands, and saves it. `secret` is what the customer needs to go on there. */
  payment(ctx: Ctx, payment: Payment): Promise<{ act: PaymentOperation; secret?: string }>;
  refund(ctx: Ctx, refund: Refund): Promise<void>;
  /** Nothing more is claimed or paid for an order; what is open is voided, what was paid goes back. */
  cancelled(ctx: Ctx, order: { order_id: number; user_id: number }): Promise<void>;
  /** Goes on with all that was interrupted. Returns how much that was. */
  all(ctx: Ctx): Promise<number>;
}

/** How long a started step is left to the one who started it. */
const OURS_AFTER_MS = 60_000;
/** How long a customer has at the provider's own page. */
const GIVEN_UP_AFTER_MS = 3_600_000;

/** Of what is only told, and not saved. */
const NO_ACT = 0;

export function createSettlement(
  payments: PaymentRepository,
  providers: Providers,
  log: Pick<Log, 'warn'>,
): Settlement {
  const record = (ctx: Ctx, change: (act_id: number) => Change<PaymentOperation>): Promise<PaymentOperation> =>
    withId(payments.ids.act, (act_id) => payments.record(ctx, change(act_id)), savedAs);

  async function payment(ctx: Ctx, given: Payment): Promise<{ act: PaymentOperation; secret?: string }> {
    const outcome = await providers.named(given.provider).pay(given);
    return follow(ctx, given.payment_id, outcome);
  }

  async function follow(
    ctx: Ctx,
    payment_id: number,
    outcome: PaymentOutcome,
  ): Promise<{ act: PaymentOperation; secret?: string }> {
    const { ref } = outcome;
    if (ref !== undefined) await payments.noteRef(payment_id, ref);
    return retryOnConflict(async () => {
      const found = await payments.findPayment({ payment_id });
      if (!found) throw new Error(`the payment ${payment_id} is missing`);
      const account = await payments.account(found.transaction_ids);
      const { transactions } = account;
      const asItIs = { ...emptyOperation(NO_ACT, 'pay', found.user_id, ctx), transactions, payments: [found] };
      if (found.status !== 'started') return { act: asItIs };
      if (outcome.state === 'waiting') return { act: asItIs, secret: outcome.client_secret };
      const act = await record(ctx, (act_id) =>
        outcome.state === 'captured'
          ? capture({ ...found, provider_ref: outcome.ref }, account, act_id, ctx)
          : failPayment(found, account, { act_id, reason: outcome.reason.slice(0, MAX_REASON) }, ctx),
      );
      // Orders that were cancelled while the provider was asked had to wait for its answer.
      for (const bill of account.bills.values())
        if (bill.closed) await retryOnConflict(() => cancelled(withoutMarks(ctx), bill));
      return { act };
    });
  }

  async function refund(ctx: Ctx, given: Refund): Promise<void> {
    const paid = await payments.findPayment({ payment_id: given.payment_id });
    if (!paid) throw new Error(`the payment ${given.payment_id} is missing`);
    const outcome = await providers.named(given.provider).refund(given, paid);
    if (outcome.state === 'waiting') return;
    await retryOnConflict(async () => {
      const found = await payments.findRefund(given.refund_id);
      if (found?.status !== 'started') return;
      const account = await payments.account([found.transaction_id]);
      await record(ctx, (act_id) =>
        outcome.state === 'done'
          ? completeRefund(found, account, { act_id, provider_ref: outcome.ref }, ctx)
          : failRefund(found, account, { act_id, reason: outcome.reason.slice(0, MAX_REASON) }, ctx),
      );
    });
  }

  async function cancelled(ctx: Ctx, { order_id, user_id }: { order_id: number; user_id: number }): Promise<void> {
    // Closed first: from here on the transactions of the order can only become fewer.
    await payments.closeBill(order_id, user_id);
    const account = await payments.accountOfOrder(order_id, user_id);
    const refunds = account.transactions.filter((one) => refundable(one) > 0);
    const immediate = (provider: string) => providers.named(provider).immediate;
    const settleWith = (refund_ids: readonly number[]) =>
      record(ctx, (act_id) => settleCancelled(account, { act_id, refund_ids, immediate }, ctx));
    const act = await withIds(payments.ids.refund, refunds.length, settleWith, (made) =>
      made.refunds.map(({ refund_id }) => refund_id),
    );
    // Should we stop here, the job goes on with what was started.
    for (const one of act.refunds)
      if (one.status === 'started') await refund(withoutMarks(ctx), { ...one, version: 1 });
  }

  // What a customer left at the provider's page, or an order that was cancelled meanwhile took the sense of.
  async function giveUp(ctx: Ctx, given: Payment): Promise<void> {
    await follow(ctx, given.payment_id, await providers.named(given.provider).giveUp(given));
  }

  async function leftBehind(ctx: Ctx, bill: { order_id: number; user_id: number }): Promise<void> {
    const { transactions, payments: paid } = await payments.accountOfOrder(bill.order_id, bill.user_id);
    const underWay = transactions.filter(({ status }) => status === 'processing');
    for (const id of new Set(underWay.map(({ payment_id }) => payment_id ?? 0))) {
      const one = paid.get(id);
      if (one) await giveUp(ctx, one);
    }
    await retryOnConflict(() => cancelled(ctx, bill));
  }

  async function all(ctx: Ctx): Promise<number> {
    const now = Date.parse(ctx.now);
    const found = await payments.unfinished(new Date(now - OURS_AFTER_MS).toISOString());
    let done = 0;
    // One that fails must not keep the others from their turn.
    const attempt = async (what: object, work: () => Promise<unknown>): Promise<void> => {
      await work().then(
        () => {
          done++;
        },
        (error: unknown) =>
          log.warn({ ...what, err: error }, 'what was interrupted could not be settled; it is tried again'),
      );
    };
    for (const one of found.payments) {
      const late = now - Date.parse(one.created_at) > GIVEN_UP_AFTER_MS;
      await attempt({ payment_id: one.payment_id }, () => (late ? giveUp(ctx, one) : payment(ctx, one)));
    }
    for (const one of found.refunds) await attempt({ refund_id: one.refund_id }, () => refund(ctx, one));
    for (const one of found.bills) await attempt({ order_id: one.order_id }, () => leftBehind(ctx, one));
    return done;
  }

  return { payment, refund, cancelled, all };
}

/** The same context for a second save: the mark of an event or a key belongs to the first one alone. */
export function withoutMarks(ctx: Ctx): Ctx {
  return Object.freeze({ ...ctx, cause: undefined, request: undefined });
}
