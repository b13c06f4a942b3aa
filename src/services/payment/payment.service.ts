import type { Actions } from '../../platform/app/actions.ts';
import type { ServiceParts } from '../../platform/app/module.ts';
import { isStaff, maySee, self } from '../../platform/contract/actor.ts';
import type { ApiOf, Ctx, InputOf } from '../../platform/contract/contract.ts';
import { type AppError, common } from '../../platform/contract/errors.ts';
import { withId } from '../../platform/contract/ids.ts';
import { minor, sum } from '../../platform/contract/money.ts';
import { retryOnConflict } from '../../platform/contract/retry-on-conflict.ts';
import type { invoiceOps } from '../invoice/invoice.contract.ts';
import type { userOps } from '../user/user.contract.ts';
import { isMore, payAll, payable, paymentOf, payNothing, startPayment } from './model/payment.capture.model.ts';
import {
  type Charge,
  createCharge,
  mustBePayable,
  publicTransaction,
  type TransactionState,
} from './model/payment.model.ts';
import { type Payment, type PaymentOperation, savedAs } from './model/payment.operation.model.ts';
import { creditNoteOf, refund } from './model/payment.refunds.model.ts';
import { paymentErrors, type paymentOps } from './payment.contract.ts';
import { type BilledInvoices, type BilledOrders, billReconciliation } from './payment.reconciliation.ts';
import type { ExportMessage, PaymentRepository } from './payment.repository.ts';
import { createSettlement, withoutMarks } from './payment.settlement.ts';
import { providersOf } from './providers/providers.ts';

/**
 * What payments need of others: what an invoice comes to and whose it is, whether a user exists, and what orders and
 * invoices have heard of their money.
 */
export interface PaymentPeers {
  readonly invoice: Pick<ApiOf<typeof invoiceOps>, 'forPayment'> & BilledInvoices;
  readonly order: BilledOrders;
  readonly user: Pick<ApiOf<typeof userOps>, 'profileOf'>;
}

/** What payments follow from the events of others. */
export interface PaymentInternalActions {
  /** Nothing more is claimed or paid for a cancelled order; what is open is voided, what was paid goes back. */
  settleCancelledOrder(ctx: Ctx, order: { order_id: number; user_id: number }): Promise<unknown>;
  /** Queues an event from before webhooks became a service for the endpoints of that time. */
  queueForExport(ctx: Ctx, message: ExportMessage): Promise<unknown>;
}

/** What a payment came to, and what the customer needs to go on at the provider. */
type Paying = PaymentOperation & { readonly secret?: string };

type PaymentParts = ServiceParts<PaymentRepository, PaymentPeers, 'config' | 'log'>;

export function paymentService({ repository: payments, peers, tools: { config, log } }: PaymentParts) {
  const providers = providersOf(config);
  const settle = createSettlement(payments, providers, log);
  const currency = config.CURRENCY;
  const { ids, ledger } = payments;

  return {
    create: {
      execute: make,
      respond: (_ctx, state: Charge) => publicTransaction(state),
    },
    async list(ctx, { user_id, all, status, invoice_id, limit = 50, cursor }) {
      const filter = { user_id: whose(ctx, user_id, all), status, invoice_id };
      const { items, next } = await payments.list(filter, { limit, cursor });
      return { items: items.map(publicTransaction), next };
    },
    get: async (ctx, { transaction_id }) => publicTransaction(await visible(ctx, transaction_id)),
    pay: {
      execute: (ctx, input) =>
        retryOnConflict(() => (providers.current.immediate ? payNow(ctx, input) : payThrough(ctx, input))),
      respond: (_ctx, paying: Paying) => whatWasPaid(paying, currency),
    },
    refund: {
      execute: giveBack,
      async respond(_ctx, { refunds }: PaymentOperation) {
        const found = await payments.findRefund(refunds[0]?.refund_id ?? 0);
        if (!found) throw paymentErrors.CREDIT_NOTE_NOT_FOUND();
        return creditNoteOf(found);
      },
    },
    async creditNotes(ctx, { user_id, all, limit = 50, cursor }) {
      const { items, next } = await payments.refunds({ user_id: whose(ctx, user_id, all) }, { limit, cursor });
      return { items: items.map(creditNoteOf), next };
    },
    async creditNote(ctx, { credit_note_id }) {
      const found = await payments.findRefund(credit_note_id);
      if (!found || !maySee(ctx.actor, found)) throw paymentErrors.CREDIT_NOTE_NOT_FOUND();
      return creditNoteOf(found);
    },
    accounts: (_ctx, { prefix, limit = 50, cursor }) => ledger.accounts(prefix, { limit, cursor }),
    entries: (_ctx, { transaction_id, limit = 50, cursor }) => ledger.entries({ transaction_id }, { limit, cursor }),
    async check() {
      const found = await ledger.check();
      return { ...found, ok: found.sum === 0 && found.differences.length === 0 };
    },
    async stripeWebhook(ctx, { body, signature }) {
      const notice = await providers.named('stripe').notice?.(body, signature);
      if (notice?.kind === 'payment') {
        const found = await payments.findPayment({ payment_id: notice.id });
        if (found?.created_at === notice.created_at) await settle.payment(ctx, found);
      } else if (notice) {
        const found = await payments.findRefund(notice.id);
        if (found?.created_at === notice.created_at) await settle.refund(ctx, found);
      }
      return { received: true };
    },
    figures: (_ctx, range) => payments.ledger.figures(range),
    settle: async (ctx) => ({ settled: await settle.all(ctx) }),
    reconcile: billReconciliation({ payments, order: peers.order, invoice: peers.invoice, settle, log }),
    settleCancelledOrder: settle.cancelled,
    exportWebhooks: (_ctx, received) => payments.webhookExport.page(received),
    queueForExport: (_ctx, message) => payments.webhookExport.enqueue(message),
  } satisfies Actions<typeof paymentOps> & PaymentInternalActions;

  async function make(
    ctx: Ctx,
    { user_id, invoice_id, ...wanted }: InputOf<typeof paymentOps.create>,
  ): Promise<Charge> {
    const owner = await ownerOf(ctx, user_id);
    const invoice = invoice_id === undefined ? undefined : await peers.invoice.forPayment(ctx, { invoice_id });
    if (invoice) mustBePayable(invoice, { user_id: owner, currency });
    const save = (transaction_id: number) =>
      payments.claim(ctx, createCharge({ ...wanted, transaction_id, user_id: owner, currency, invoice }, ctx));
    return withId(ids.transaction, save, ({ transaction_id }) => transaction_id);
  }

  async function payNow(
    ctx: Ctx,
    { user_id, payment_method }: InputOf<typeof paymentOps.pay>,
  ): Promise<PaymentOperation> {
    const owner = payer(ctx, user_id);
    const account = await payments.openOf(owner);
    const { name: provider } = providers.current;
    const facts = { user_id: owner, currency, provider, method: payment_method };
    const pay = (payment_id: number) =>
      withAct((act_id) => payments.record(ctx, payAll(account, { ...facts, act_id, payment_id }, ctx)));
    return withId(ids.payment, pay, ({ payments: [payment] }) => payment?.payment_id);
  }

  // The transactions are set aside before the provider is asked, and paid after it has said yes. What stops in between
  // is found again: by the request that comes again, by the provider's own message, and by the job.
  async function payThrough(ctx: Ctx, input: InputOf<typeof paymentOps.pay>): Promise<Paying> {
    const owner = payer(ctx, input.user_id);
    const begun = ctx.request && (await payments.findPayment({ request: ctx.request.key }));
    if (begun && begun.fingerprint !== ctx.request?.fingerprint) throw common.KEY_REUSED();
    if (begun) return goOn(ctx, begun);
    const account = await payments.openOf(owner);
    const transactions = payable(account);
    if (transactions.length === 0)
      return withAct((act_id) => payments.record(ctx, payNothing({ act_id, user_id: owner }, ctx)));
    const provider = providers.current.name;
    const named = { user_id: owner, currency, provider, method: input.payment_method, keyed: true };
    // The key's answer is not kept with the start: the payment itself is found by it.
    const begin = async (payment_id: number): Promise<Payment> => {
      const payment = paymentOf(transactions, { ...named, payment_id }, ctx);
      const start = (act_id: number) => startPayment(payment, { ...account, transactions }, act_id, ctx);
      await withAct((act_id) => payments.record(withoutMarks(ctx), start(act_id)));
      return { ...payment, version: 1 };
    };
    const payment = await withId(ids.payment, begin, ({ payment_id }) => payment_id);
    return { ...(await goOn(ctx, payment)), more: isMore(account, transactions) };
  }

  async function goOn(ctx: Ctx, payment: Payment): Promise<Paying> {
    const { act, secret } = await settle.payment(withoutMarks(ctx), payment);
    const [settled] = act.payments;
    if (settled?.status === 'failed')
      throw paymentErrors.DECLINED({ reason: settled.failure ?? 'no reason was given' });
    return { ...act, secret };
  }

  async function giveBack(ctx: Ctx, input: InputOf<typeof paymentOps.refund>): Promise<PaymentOperation> {
    const { transaction_id, amount, reason } = input;
    const act = await retryOnConflict(async () => {
      const account = await payments.account([transaction_id]);
      const paid = [...account.payments.values()][0];
      const immediate = paid === undefined || providers.named(paid.provider).immediate;
      const give = (refund_id: number) =>
        withAct((act_id) =>
          payments.record(ctx, refund(account, { act_id, refund_id, amount, reason, immediate }, ctx)),
        );
      return withId(ids.refund, give, ({ refunds: [made] }) => made?.refund_id);
    });
    for (const one of act.refunds) {
      // The answer says how far it got; what is not known yet is settled later.
      if (one.status === 'started')
        await settle
          .refund(withoutMarks(ctx), one)
          .catch((error: unknown) => log.warn({ err: error, refund_id: one.refund_id }, 'a refund is not settled yet'));
    }
    return act;
  }

  function withAct(work: (act_id: number) => Promise<PaymentOperation>): Promise<PaymentOperation> {
    return withId(ids.act, work, savedAs);
  }

  async function visible(ctx: Ctx, transaction_id: number): Promise<TransactionState> {
    const found = await payments.get(transaction_id);
    if (!maySee(ctx.actor, found)) throw paymentErrors.NOT_FOUND();
    return found;
  }

  async function ownerOf(ctx: Ctx, user_id: number | undefined): Promise<number> {
    const me = self(ctx);
    if (user_id === undefined || user_id === me.id) return me.id;
    if (!isStaff(me)) throw paymentErrors.NOT_YOURS();
    return (await peers.user.profileOf(ctx, { user_id })).id;
  }
}

/** Who is to pay: to a customer another's transactions are not there. */
function payer(ctx: Ctx, user_id: number | undefined): number {
  const owner = user_id ?? self(ctx).id;
  if (!maySee(ctx.actor, { user_id: owner })) throw notThere();
  return owner;
}

// Oneself, for staff anybody or all.
function whose(ctx: Ctx, user_id: number | undefined, all: boolean | undefined): number | undefined {
  if (user_id !== undefined) return payer(ctx, user_id);
  return all === true && isStaff(ctx.actor) ? undefined : self(ctx).id;
}

const notThere = (): AppError => paymentErrors.NOT_FOUND();

function whatWasPaid({ kind, transactions, payments, more = false, secret }: Paying, currency: string) {
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
