import type { Change, Ctx } from '../../platform/contract/contract.ts';
import { withId } from '../../platform/contract/ids.ts';
import { type PaymentOperation, savedId } from './model/payment.operation.model.ts';
import type { PaymentRepository } from './payment.repository.ts';

/** Saves what `decide` makes of a new operation id. Throws STALE when something that it changes was changed meanwhile. */
export type RecordOperation = (
  ctx: Ctx,
  decide: (act_id: number) => Change<PaymentOperation>,
) => Promise<PaymentOperation>;

/** Records operations; an id under which nothing was saved is used again. */
export function operationRecorder({ ids, record }: Pick<PaymentRepository, 'ids' | 'record'>): RecordOperation {
  return (ctx, decide) => withId(ids.operation, (act_id) => record(ctx, decide(act_id)), savedId);
}

/** The context for a second save: the inbox mark and the Idempotency-Key belong to the first save alone. */
export function withoutMarks(ctx: Ctx): Ctx {
  return Object.freeze({ ...ctx, cause: undefined, request: undefined });
}
