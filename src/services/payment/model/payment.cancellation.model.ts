import { type Change, type Ctx, type EventOf, unchanged } from '../../../platform/contract/contract.ts';
import { sum } from '../../../platform/contract/money.ts';
import { paymentEvents } from '../payment.contract.ts';
import type { Account } from './payment.model.ts';
import {
  type BalanceChanges,
  balanceChanges,
  emptyOperation,
  type PaymentOperation,
} from './payment.operation.model.ts';
import type { Posting } from './payment.posting.model.ts';
import {
  assemble,
  type PaidAccount,
  paymentOf,
  refundable,
  refundTransaction,
  type TransactionChange,
  voidTransaction,
} from './payment.refunds.model.ts';

const CANCELLED = 'the order was cancelled';

/**
 * Voids the open transactions of a cancelled order and refunds its paid ones. Those that wait for a provider stay as
 * they are. `refund_ids` are as many as transactions may be refunded.
 */
export function settleCancelled(
  account: PaidAccount,
  facts: { act_id: number; refund_ids: readonly number[]; immediate: (provider: string) => boolean },
  ctx: Ctx,
): Change<PaymentOperation> {
  const changes = balanceChanges(account.balances);
  const ids = [...facts.refund_ids];
  const changed = account.transactions.flatMap((one): TransactionChange[] => {
    if (one.status === 'open') return [voidTransaction(one, account, changes, ctx)];
    const amount = refundable(one);
    const refund_id = amount > 0 ? ids.shift() : undefined;
    if (refund_id === undefined) return [];
    const immediate = facts.immediate(paymentOf(one, account.payments).provider);
    return [
      refundTransaction(
        one,
        account,
        { refund_id, amount, reason: CANCELLED, kind: 'credit', immediate },
        changes,
        ctx,
      ),
    ];
  });
  const reversed = reversals(account, changes, ctx);
  const [balance] = account.balances.values();
  const user_id = account.transactions[0]?.user_id ?? balance?.user_id ?? 0;
  const operation = emptyOperation(facts.act_id, 'cancel', user_id, ctx);
  const { next, events } = assemble(operation, changed, changes);
  if (changed.length + reversed.events.length === 0) return unchanged(operation);
  return {
    next: { ...next, entries: [...next.entries, ...reversed.entries] },
    events: [...events, ...reversed.events],
  };
}

// What a provider may still capture stays posted until it has answered.
function reversals({ transactions, balances }: Account, changes: BalanceChanges, ctx: Ctx) {
  const entries: Posting[] = [];
  const events: EventOf[] = [];
  for (const { order_id, user_id, invoice_id, currency } of balances.values()) {
    if (currency === null) continue;
    const processing = transactions.filter((one) => one.order_id === order_id && one.status === 'processing');
    const lines = changes.reverse(order_id, sum(processing.map(({ amount }) => amount)), currency);
    if (lines.length === 0) continue;
    const amount = sum(lines.map((line) => line.amount));
    entries.push(...lines);
    const closed = { order_id, user_id, invoice_id, amount, currency, at: ctx.now };
    events.push(paymentEvents.receivableClosed(order_id, closed, `order/${order_id}`));
  }
  return { entries, events };
}
