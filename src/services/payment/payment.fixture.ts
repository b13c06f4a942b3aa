import type { Ctx } from '../../platform/contract/contract.ts';
import { systemCtx } from '../../platform/contract/ctx.ts';
import { minor } from '../../platform/contract/money.ts';
import { type ChargeRequest, createCharge, type TransactionState } from './model/payment.model.ts';

export const NOW = '2026-07-28T09:30:00.000Z';

/** A context of the platform itself at a moment. */
export function at(more: Partial<Ctx> = {}, now = NOW): Ctx {
  return Object.freeze({ ...systemCtx(now), ...more });
}

/** The invoice of order 17, of 100.00. */
export const INVOICE = { invoice_id: 7, order_id: 17, total: minor(10_000) };

/** A new transaction of user 2, of 40.00. */
export function aCharge(more: Partial<ChargeRequest> = {}, ctx = at()) {
  const request = { transaction_id: 5, user_id: 2, amount: minor(4_000), currency: 'USD', description: 'a coffee' };
  return createCharge({ ...request, ...more }, ctx);
}

/** A transaction as it is after its first save. */
export function aTransaction(more: Partial<TransactionState> = {}): TransactionState {
  const { invoice_total: _total, ...state } = aCharge().next;
  return { ...state, version: 1, ...more };
}
