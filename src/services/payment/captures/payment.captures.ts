import type { Actions } from '../../../platform/app/actions.ts';
import type { Ctx, InputOf } from '../../../platform/contract/contract.ts';
import { common } from '../../../platform/contract/errors.ts';
import { withId } from '../../../platform/contract/ids.ts';
import { minor, sum } from '../../../platform/contract/money.ts';
import { retryOnConflict } from '../../../platform/contract/retry-on-conflict.ts';
import { createPayment, hasMore, payChosen, payNothing, startPayment } from '../model/payment.capture.model.ts';
import { publicTransaction } from '../model/payment.model.ts';
import type { Payment, PaymentOperation } from '../model/payment.operation.model.ts';
import { paymentErrors, type paymentOps } from '../payment.contract.ts';
import { operationRecorder, withoutMarks } from '../payment.operations.ts';
import type { PaymentRepository } from '../payment.repository.ts';
import type { Providers } from '../providers/providers.ts';
import type { Settlement } from '../settlement/payment.settlement.ts';
import { type Chosen, paymentChoice } from './payment.choice.ts';

interface CaptureParts {
  readonly payments: PaymentRepository;
  readonly providers: Providers;
  readonly settlement: Pick<Settlement, 'payment'>;
  readonly currency: string;
}

type PayInput = InputOf<typeof paymentOps.pay>;

/** A payment, and the secret with which the customer confirms it at the provider. */
type PayResult = PaymentOperation & { readonly secret?: string };

/** Pays what a user owes, or what is named of it: at once, or through a provider. */
export function captureActions({ payments, providers, settlement, currency }: CaptureParts) {
  const record = operationRecorder(payments);
  const choice = paymentChoice(payments, currency);

  return {
    pay: {
      execute: (ctx, input) => retryOnConflict(() => pay(ctx, input)),
      respond: (_ctx, result: PayResult) => payResponse(result, currency),
    },
  } satisfies Pick<Actions<typeof paymentOps>, 'pay'>;

  function pay(ctx: Ctx, input: PayInput): Promise<PayResult> {
    const { current } = providers;
    return current.immediate ? choice(ctx, input, payAtOnce) : payThroughProvider(ctx, input);
  }

  async function payAtOnce(ctx: Ctx, { account, transactions, user_id, method }: Chosen): Promise<PaymentOperation> {
    const facts = { user_id, currency, provider: providers.current.name, method };
    const save = (payment_id: number) =>
      record(ctx, (act_id) => payChosen(account, transactions, { ...facts, act_id, payment_id }, ctx));
    return withId(payments.ids.payment, save, ({ payments: [payment] }) => payment?.payment_id);
  }

  // A payment that is interrupted is found again by the repeated request, the provider's webhook and the job `settle`.
  async function payThroughProvider(ctx: Ctx, input: PayInput): Promise<PayResult> {
    const started = ctx.request && (await payments.findPayment({ request: ctx.request.key }));
    if (started && started.fingerprint !== ctx.request?.fingerprint) throw common.KEY_REUSED();
    return started ? settle(ctx, started) : choice(ctx, input, startAtProvider);
  }

  // The transactions are set aside before the provider is asked, and become paid after it has confirmed.
  async function startAtProvider(ctx: Ctx, { account, transactions, user_id, method }: Chosen): Promise<PayResult> {
    if (transactions.length === 0) return record(ctx, (act_id) => payNothing({ act_id, user_id }, ctx));
    const facts = { user_id, currency, provider: providers.current.name, method, keyed: true };
    // The key's response is not stored with the start: a repeated request finds the payment by the key.
    const start = async (payment_id: number): Promise<Payment> => {
      const payment = createPayment(transactions, { ...facts, payment_id }, ctx);
      await record(withoutMarks(ctx), (act_id) => startPayment(payment, { ...account, transactions }, act_id, ctx));
      return { ...payment, version: 1 };
    };
    const payment = await withId(payments.ids.payment, start, ({ payment_id }) => payment_id);
    return { ...(await settle(ctx, payment)), more: hasMore(account, transactions) };
  }

  async function settle(ctx: Ctx, payment: Payment): Promise<PayResult> {
    const { operation, secret } = await settlement.payment(withoutMarks(ctx), payment);
    const [settled] = operation.payments;
    if (settled?.status === 'failed')
      throw paymentErrors.DECLINED({ reason: settled.failure ?? 'no reason was given' });
    return { ...operation, secret };
  }
}

function payResponse({ kind, transactions, payments, more = false, secret }: PayResult, currency: string) {
  const paid = kind === 'pay' ? transactions.filter(({ status }) => status === 'paid') : [];
  const [payment] = payments;
  return {
    message:
      paid.length > 0
        ? 'transactions paid successfully'
        : payment
          ? 'the payment waits for the customer'
          : 'nothing was open',
    transactions_paid: paid.length,
    total_paid: paid.length > 0 ? sum(paid.map(({ amount }) => amount)) : minor(0),
    currency: paid[0]?.currency ?? currency,
    transactions: paid.map(publicTransaction),
    more,
    ...(payment && {
      payment: {
        payment_id: payment.payment_id,
        provider: payment.provider,
        status: payment.status,
        ...(secret !== undefined && { client_secret: secret }),
      },
    }),
  };
}
