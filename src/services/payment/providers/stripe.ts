import type Stripe from 'stripe';
import type { Config } from '../../../platform/config/config.ts';
import { common } from '../../../platform/contract/errors.ts';
import type { Payment, Refund } from '../model/payment.operation.model.ts';
import { paymentErrors } from '../payment.contract.ts';
import type { Notice, PaymentOutcome, PaymentProvider, RefundOutcome } from './provider.ts';

const TIMEOUT_MS = 10_000;
/** Stripe forgets an idempotency key after a day: what is older is looked for instead of asked again. */
const KEY_LASTS_MS = 23 * 3_600_000;
const MARK = 'tradepost';

/** Stripe through its own SDK; undefined when its keys are not set. The SDK is loaded at the first use. */
export function stripeProvider(config: Config): PaymentProvider | undefined {
  const { STRIPE_SECRET_KEY: key, STRIPE_WEBHOOK_SECRET: secret } = config;
  if (!key || !secret) return undefined;
  let client: Promise<Stripe> | undefined;
  const stripe = (): Promise<Stripe> => {
    client ??= import('stripe').then(({ default: Sdk }) => new Sdk(key, optionsOf(config.STRIPE_API_URL)));
    return client;
  };
  return {
    name: 'stripe',
    immediate: false,
    pay: async (payment) => pay(await stripe(), payment).catch(away),
    giveUp: async (payment) => giveUp(await stripe(), payment).catch(away),
    refund: async (refund, payment) => giveBack(await stripe(), refund, payment).catch(away),
    notice: async (body, signature) => noticeOf(await stripe(), body, signature, secret),
  };
}

function optionsOf(address: string): Stripe.StripeConfig {
  const { protocol, hostname, port } = new URL(address);
  const where = protocol === 'http:' ? 'http' : 'https';
  return {
    protocol: where,
    host: hostname,
    port: port || undefined,
    timeout: TIMEOUT_MS,
    maxNetworkRetries: 2,
    telemetry: false,
  };
}

// Not known to have happened or not: whoever asked may ask again, and the job does.
function away(error: unknown): never {
  const { type = '' } = error as { type?: string };
  throw type.startsWith('Stripe') ? Object.assign(common.UNAVAILABLE(), { cause: error }) : error;
}

async function pay(stripe: Stripe, payment: Payment): Promise<PaymentOutcome> {
  const intent = await intentOf(stripe, payment);
  return intent ? follow(stripe, payment, intent) : { state: 'failed', reason: 'it never reached the provider' };
}

/** The intent of a payment as it is now; made when there is none. Undefined when it is too late to make one. */
async function intentOf(stripe: Stripe, payment: Payment): Promise<Stripe.PaymentIntent | undefined> {
  if (payment.provider_ref) return stripe.paymentIntents.retrieve(payment.provider_ref);
  if (Date.now() - Date.parse(payment.created_at) > KEY_LASTS_MS) {
    const { data } = await stripe.paymentIntents.search({ query: `metadata['${MARK}']:'${markOf(payment)}'` });
    return data[0];
  }
  return stripe.paymentIntents.create(
    {
      amount: payment.amount,
      currency: payment.currency.toLowerCase(),
      capture_method: 'manual',
      automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
      metadata: { [MARK]: markOf(payment) },
    },
    { idempotencyKey: `${markOf(payment)} make` },
  );
}

async function follow(stripe: Stripe, payment: Payment, intent: Stripe.PaymentIntent): Promise<PaymentOutcome> {
  const ref = intent.id;
  switch (intent.status) {
    case 'succeeded':
      return { state: 'captured', ref };
    case 'requires_capture': {
      const key = { idempotencyKey: `${markOf(payment)} capture` };
      const captured = await stripe.paymentIntents.capture(ref, {}, key);
      return follow(stripe, payment, captured);
    }
    case 'canceled':
      return { state: 'failed', ref, reason: intent.last_payment_error?.message ?? 'it was taken back' };
    case 'requires_payment_method':
    case 'requires_confirmation':
      return payment.method ? confirm(stripe, payment, intent) : waiting(intent);
    default:
      return waiting(intent);
  }
}

const waiting = (intent: Stripe.PaymentIntent): PaymentOutcome => ({
  state: 'waiting',
  ref: intent.id,
  client_secret: intent.client_secret ?? undefined,
});

async function confirm(stripe: Stripe, payment: Payment, intent: Stripe.PaymentIntent): Promise<PaymentOutcome> {
  try {
    const given = { payment_method: payment.method ?? undefined };
    const confirmed = await stripe.paymentIntents.confirm(intent.id, given, {
      idempotencyKey: `${markOf(payment)} confirm`,
    });
    // A second refusal would only repeat the first: the card is what it is.
    if (confirmed.status === 'requires_payment_method')
      return refused(stripe, payment, confirmed.id, declineOf(confirmed));
    return follow(stripe, { ...payment, method: null }, confirmed);
  } catch (error) {
    const { type, message } = error as { type?: string; message?: string };
    if (type !== 'StripeCardError' && type !== 'StripeInvalidRequestError') throw error;
    return refused(stripe, payment, intent.id, message ?? 'the card was declined');
  }
}

const declineOf = (intent: Stripe.PaymentIntent): string =>
  intent.last_payment_error?.message ?? 'the card was declined';

// What was refused is taken back, so that nothing can make it succeed after we have said that it failed.
async function refused(stripe: Stripe, payment: Payment, ref: string, reason: string): Promise<PaymentOutcome> {
  const ended = await cancel(stripe, payment, ref);
  return ended.status === 'canceled'
    ? { state: 'failed', ref, reason }
    : follow(stripe, { ...payment, method: null }, ended);
}

async function giveUp(stripe: Stripe, payment: Payment): Promise<PaymentOutcome> {
  const intent = await intentOf(stripe, payment);
  if (!intent) return { state: 'failed', reason: 'it never reached the provider' };
  if (intent.status === 'succeeded' || intent.status === 'canceled') return follow(stripe, payment, intent);
  return refused(stripe, payment, intent.id, 'it was not completed in time');
}

// It may have come to its end meanwhile: then that is what counts.
async function cancel(stripe: Stripe, payment: Payment, ref: string): Promise<Stripe.PaymentIntent> {
  return stripe.paymentIntents
    .cancel(ref, {}, { idempotencyKey: `${markOf(payment)} cancel` })
    .catch((error: { type?: string }) => {
      if (error.type !== 'StripeInvalidRequestError') throw error;
      return stripe.paymentIntents.retrieve(ref);
    });
}

async function giveBack(stripe: Stripe, refund: Refund, payment: Payment): Promise<RefundOutcome> {
  if (!payment.provider_ref) throw new Error(`payment ${payment.payment_id} has no name at its provider`);
  const mark = markOf({ payment_id: refund.refund_id, created_at: refund.created_at });
  const known = await findRefund(stripe, payment.provider_ref, mark);
  try {
    return outcomeOf(
      known ??
        (await stripe.refunds.create(
          { payment_intent: payment.provider_ref, amount: refund.amount, metadata: { [MARK]: mark } },
          { idempotencyKey: `${mark} refund` },
        )),
    );
  } catch (error) {
    const { type, message } = error as { type?: string; message?: string };
    if (type !== 'StripeInvalidRequestError') throw error;
    return { state: 'failed', reason: message ?? 'the provider refused' };
  }
}

async function findRefund(stripe: Stripe, payment_intent: string, mark: string): Promise<Stripe.Refund | undefined> {
  for await (const one of stripe.refunds.list({ payment_intent, limit: 100 })) {
    if (one.metadata?.[MARK] === mark) return one;
  }
  return undefined;
}

function outcomeOf({ id, status, failure_reason }: Stripe.Refund): RefundOutcome {
  if (status === 'succeeded') return { state: 'done', ref: id };
  if (status === 'failed' || status === 'canceled') return { state: 'failed', reason: failure_reason ?? 'it failed' };
  return { state: 'waiting', ref: id };
}

const OF_PAYMENTS = /^payment_intent\./;
const OF_REFUNDS = /^(refund\.|charge\.refund\.)/;

async function noticeOf(stripe: Stripe, body: string, signature: string, secret: string): Promise<Notice | undefined> {
  const { type, data } = await stripe.webhooks.constructEventAsync(body, signature, secret).catch(() => {
    throw paymentErrors.BAD_SIGNATURE();
  });
  const kind = OF_PAYMENTS.test(type) ? 'payment' : OF_REFUNDS.test(type) ? 'refund' : undefined;
  const { metadata } = data.object as { metadata?: Record<string, string> };
  const [id, created_at] = metadata?.[MARK]?.split(' ') ?? [];
  return kind && id && created_at ? { kind, id: Number(id), created_at } : undefined;
}

/** What a payment or a refund of ours is known by there: ids alone repeat in another installation. */
const markOf = ({ payment_id, created_at }: Pick<Payment, 'payment_id' | 'created_at'>): string =>
  `${payment_id} ${created_at}`;
