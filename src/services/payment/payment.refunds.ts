import type { Actions } from '../../platform/app/actions.ts';
import { maySee } from '../../platform/contract/actor.ts';
import type { Ctx, InputOf } from '../../platform/contract/contract.ts';
import { withId } from '../../platform/contract/ids.ts';
import { retryOnConflict } from '../../platform/contract/retry-on-conflict.ts';
import type { Log } from '../../platform/observability/log.ts';
import type { PaymentOperation, Refund } from './model/payment.operation.model.ts';
import { creditNoteOf, refund } from './model/payment.refunds.model.ts';
import { listedOwner } from './payment.access.ts';
import { paymentErrors, type paymentOps } from './payment.contract.ts';
import { operationRecorder, withoutMarks } from './payment.operations.ts';
import type { PaymentRepository } from './payment.repository.ts';
import type { Providers } from './providers/providers.ts';
import type { Settlement } from './settlement/payment.settlement.ts';

interface RefundParts {
  readonly payments: PaymentRepository;
  readonly providers: Providers;
  readonly settlement: Pick<Settlement, 'refund'>;
  readonly log: Pick<Log, 'warn'>;
}

/** Refunds what was paid, and shows the credit notes. */
export function refundActions({ payments, providers, settlement, log }: RefundParts) {
  const record = operationRecorder(payments);

  return {
    refund: {
      async execute(ctx, input) {
        const operation = await retryOnConflict(() => saveRefund(ctx, input));
        for (const one of operation.refunds) if (one.status === 'started') await settle(ctx, one);
        return operation;
      },
      async respond(_ctx, { refunds }: PaymentOperation) {
        const found = await payments.findRefund(refunds[0]?.refund_id ?? 0);
        if (!found) throw paymentErrors.CREDIT_NOTE_NOT_FOUND();
        return creditNoteOf(found);
      },
    },
    async creditNotes(ctx, { user_id, all, limit = 50, cursor }) {
      const { items, next } = await payments.refunds({ user_id: listedOwner(ctx, user_id, all) }, { limit, cursor });
      return { items: items.map(creditNoteOf), next };
    },
    async creditNote(ctx, { credit_note_id }) {
      const found = await payments.findRefund(credit_note_id);
      if (!found || !maySee(ctx.actor, found)) throw paymentErrors.CREDIT_NOTE_NOT_FOUND();
      return creditNoteOf(found);
    },
  } satisfies Pick<Actions<typeof paymentOps>, 'refund' | 'creditNotes' | 'creditNote'>;

  async function saveRefund(
    ctx: Ctx,
    { transaction_id, amount, reason, kind = 'credit' }: InputOf<typeof paymentOps.refund>,
  ): Promise<PaymentOperation> {
    const account = await payments.account([transaction_id]);
    const [payment] = account.payments.values();
    const immediate = payment === undefined || providers.named(payment.provider).immediate;
    const save = (refund_id: number) =>
      record(ctx, (act_id) => refund(account, { act_id, refund_id, amount, reason, kind, immediate }, ctx));
    return withId(payments.ids.refund, save, ({ refunds: [saved] }) => saved?.refund_id);
  }

  // A refund that the provider has not answered is still valid: the response shows its status, and the job `settle`
  // asks again.
  async function settle(ctx: Ctx, started: Refund): Promise<void> {
    await settlement
      .refund(withoutMarks(ctx), started)
      .catch((error: unknown) => log.warn({ err: error, refund_id: started.refund_id }, 'a refund is not settled yet'));
  }
}
