import type Stripe from 'stripe';
import type { SettingValues } from '../../../platform/config/setting-kinds.ts';
import { common } from '../../../platform/contract/errors.ts';
import type { Payment, Refund } from '../model/payment.operation.model.ts';
import { paymentErrors } from '../payment.contract.ts';
import type { paymentSettings } from '../payment.settings.ts';
import type { PaymentOutcome, PaymentProvider, ProviderNotification, RefundOutcome } from './provider.ts';

const TIMEOUT_MS = 10_000;
/** Stripe forgets an idempotency key after a day: an older payment is searched for instead of created again. */
const KEY_VALID_MS = 23 * 3_600_000;
const METADATA_KEY = 'tradepost';

/** Stripe through its own SDK; undefined when its keys are not set. The SDK is loaded at the first use. */
export function stripeProvider(settings: SettingValues<typeof paymentSettings>): PaymentProvider | undefined {
  const { STRIPE_SECRET_KEY: key, STRIPE_WEBHOOK_SECRET: secret } = settings;
  if (!key || !secret) return undefined;
  let client: Promise<Stripe> | undefined;
  const stripe = (): Promise<Stripe> => {
    client ??= import('stripe').then(({ default: Sdk }) => new Sdk(key, optionsOf(settings.STRIPE_API_URL)));
    return client;
  };
  return {
    name: 'stripe',
    immediate: false,
    pay: async (payment) => payThroughIntent(await stripe(), payment).catch(asUnavailable),
    cancel: async (payment) => cancelPayment(await stripe(), payment).catch(asUnavailable),
    refund: async (refund, payment) => createRefund(await stripe(), refund, payment).catch(asUnavailable),
    readWebhook: async (body, signature) => readWebhook(await stripe(), body, signature, secret),
  };
}

function optionsOf(address: string): Stripe.StripeConfig {
  const { protocol, hostname, port } = new URL(address);
  return {
    protocol: protocol === 'http:' ? 'http' : 'https',
    host: hostname,
    port: port || undefined,
    timeout: TIMEOUT_MS,
    maxNetworkRetries: 2,
    telemetry: false,
  };
}

// It is not known whether the call had an effect. The caller may repeat it, and the job `settle` does.
function asUnavailable(error: unknown): never {
  const { type = '' } = error as { type?: string };
  throw type.startsWith('Stripe') ? Object.assign(common.UNAVAILABLE(), { cause: error }) : error;
}

async function payThroughIntent(stripe: Stripe, payment: Payment): Promise<PaymentOutcome> {
  const intent = await intentOf(stripe, payment);
  return intent ? followIntent(stripe, payment, intent) : { state: 'failed', reason: 'it never reached the provider' };
}

/** The intent of a payment as it is now; made when there is none. Undefined when it is too late to make one. */
async function intentOf(stripe: Stripe, payment: Payment): Promise<Stripe.PaymentIntent | undefined> {
  if (payment.provider_ref) return stripe.paymentIntents.retrieve(payment.provider_ref);
  if (Date.now() - Date.parse(payment.created_at) > KEY_VALID_MS) {
    const { data } = await stripe.paymentIntents.search({
      query: `metadata['${METADATA_KEY}']:'${referenceOf(payment)}'`,
    });
    return data[0];
  }
  return stripe.paymentIntents.create(
    {
      amount: payment.amount,
      currency: payment.currency.toLowerCase(),
      capture_method: 'manual',
      automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
      metadata: { [METADATA_KEY]: referenceOf(payment) },
    },
    { idempotencyKey: `${referenceOf(payment)} make` },
  );
}

async function followIntent(stripe: Stripe, payment: Payment, intent: Stripe.PaymentIntent): Promise<PaymentOutcome> {
  const ref = intent.id;
  switch (intent.status) {
    case 'succeeded':
      return { state: 'captured', ref };
    case 'requires_capture': {
      const key = { idempotencyKey: `${referenceOf(payment)} capture` };
      const captured = await stripe.paymentIntents.capture(ref, {}, key);
      return followIntent(stripe, payment, captured);
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
    const params = { payment_method: payment.method ?? undefined };
    const confirmed = await stripe.paymentIntents.confirm(intent.id, params, {
      idempotencyKey: `${referenceOf(payment)} confirm`,
    });
    // Confirming again with the same card would be declined again.
    if (confirmed.status === 'requires_payment_method')
      return cancelRefused(stripe, payment, confirmed.id, declineOf(confirmed));
    return followIntent(stripe, { ...payment, method: null }, confirmed);
  } catch (error) {
    const { type, message } = error as { type?: string; message?: string };
    if (type !== 'StripeCardError' && type !== 'StripeInvalidRequestError') throw error;
    return cancelRefused(stripe, payment, intent.id, message ?? 'the card was declined');
  }
}

const declineOf = (intent: Stripe.PaymentIntent): string =>
  intent.last_payment_error?.message ?? 'the card was declined';

// The intent of a declined payment is cancelled, so that it cannot succeed after the payment has failed here.
async function cancelRefused(stripe: Stripe, payment: Payment, ref: string, reason: string): Promise<PaymentOutcome> {
  const intent = await cancelIntent(stripe, payment, ref);
  return intent.status === 'canceled'
    ? { state: 'failed', ref, reason }
    : followIntent(stripe, { ...payment, method: null }, intent);
}

async function cancelPayment(stripe: Stripe, payment: Payment): Promise<PaymentOutcome> {
  const intent = await intentOf(stripe, payment);
  if (!intent) return { state: 'failed', reason: 'it never reached the provider' };
  if (intent.status === 'succeeded' || intent.status === 'canceled') return followIntent(stripe, payment, intent);
  return cancelRefused(stripe, payment, intent.id, 'it was not completed in time');
}

// Stripe refuses to cancel an intent that succeeded or was cancelled meanwhile: its state is read instead.
async function cancelIntent(stripe: Stripe, payment: Payment, ref: string): Promise<Stripe.PaymentIntent> {
  return stripe.paymentIntents
    .cancel(ref, {}, { idempotencyKey: `${referenceOf(payment)} cancel` })
    .catch((error: { type?: string }) => {
      if (error.type !== 'StripeInvalidRequestError') throw error;
      return stripe.paymentIntents.retrieve(ref);
    });
}

async function createRefund(stripe: Stripe, refund: Refund, payment: Payment): Promise<RefundOutcome> {
  if (!payment.provider_ref) throw new Error(`payment ${payment.payment_id} has no reference of its provider`);
  const reference = referenceOf({ payment_id: refund.refund_id, created_at: refund.created_at });
  const existing = await findRefund(stripe, payment.provider_ref, reference);
  try {
    return outcomeOf(
      existing ??
        (await stripe.refunds.create(
          { payment_intent: payment.provider_ref, amount: refund.amount, metadata: { [METADATA_KEY]: reference } },
          { idempotencyKey: `${reference} refund` },
        )),
    );
  } catch (error) {
    const { type, message } = error as { type?: string; message?: string };
    if (type !== 'StripeInvalidRequestError') throw error;
    return { state: 'failed', reason: message ?? 'the provider refused' };
  }
}

async function findRefund(
  stripe: Stripe,
  payment_intent: string,
  reference: string,
): Promise<Stripe.Refund | undefined> {
  for await (const one of stripe.refunds.list({ payment_intent, limit: 100 })) {
    if (one.metadata?.[METADATA_KEY] === reference) return one;
  }
  return undefined;
}

function outcomeOf({ id, status, failure_reason }: Stripe.Refund): RefundOutcome {
  if (status === 'succeeded') return { state: 'done', ref: id };
  if (status === 'failed' || status === 'canceled') return { state: 'failed', reason: failure_reason ?? 'it failed' };
  return { state: 'waiting', ref: id };
}

const PAYMENT_EVENTS = /^payment_intent\./;
const REFUND_EVENTS = /^(refund\.|charge\.refund\.)/;

async function readWebhook(
  stripe: Stripe,
  body: string,
  signature: string,
  secret: string,
): Promise<ProviderNotification | undefined> {
  const { type, data } = await stripe.webhooks.constructEventAsync(body, signature, secret).catch(() => {
    throw paymentErrors.BAD_SIGNATURE();
  });
  const kind = PAYMENT_EVENTS.test(type) ? 'payment' : REFUND_EVENTS.test(type) ? 'refund' : undefined;
  const { metadata } = data.object as { metadata?: Record<string, string> };
  const [id, created_at] = metadata?.[METADATA_KEY]?.split(' ') ?? [];
  return kind && id && created_at ? { kind, id: Number(id), created_at } : undefined;
}

/** How Stripe's metadata names a payment or a refund: another installation may use the same id, not at the same time. */
const referenceOf = ({ payment_id, created_at }: Pick<Payment, 'payment_id' | 'created_at'>): string =>
  `${payment_id} ${created_at}`;
