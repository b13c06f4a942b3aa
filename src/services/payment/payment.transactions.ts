import type { Actions } from '../../platform/app/actions.ts';
import { isStaff, maySee, self } from '../../platform/contract/actor.ts';
import type { ApiOf, Ctx, InputOf } from '../../platform/contract/contract.ts';
import { withId } from '../../platform/contract/ids.ts';
import { retryOnConflict } from '../../platform/contract/retry-on-conflict.ts';
import type { userOps } from '../user/user.contract.ts';
import {
  type Charge,
  type ChargeRequest,
  createCharge,
  mustBePayable,
  publicTransaction,
  type TransactionState,
  ZERO,
} from './model/payment.model.ts';
import type { PaymentOperation } from './model/payment.operation.model.ts';
import { withdraw } from './model/payment.refunds.model.ts';
import { listedOwner } from './payment.access.ts';
import { paymentErrors, type paymentOps } from './payment.contract.ts';
import { operationRecorder } from './payment.operations.ts';
import type { PaymentRepository } from './payment.repository.ts';

/** What a charge needs of others: whether its user exists. */
export interface ChargePeers {
  readonly user: Pick<ApiOf<typeof userOps>, 'profileOf'>;
}

interface TransactionParts {
  readonly payments: PaymentRepository;
  readonly peers: ChargePeers;
  readonly currency: string;
}

/** Makes amounts due, shows and withdraws them. */
export function transactionActions({ payments, peers, currency }: TransactionParts) {
  const record = operationRecorder(payments);
  return {
    create: {
      execute: charge,
      respond: (_ctx, state: Charge) => publicTransaction(state),
    },
    async list(ctx, { user_id, all, status, invoice_id, limit = 50, cursor }) {
      const filter = { user_id: listedOwner(ctx, user_id, all), status, invoice_id };
      const { items, next } = await payments.list(filter, { limit, cursor });
      return { items: items.map(publicTransaction), next };
    },
    withdraw: {
      execute: (ctx, { transaction_id }) =>
        retryOnConflict(async () => {
          await visible(ctx, transaction_id);
          const account = await payments.account([transaction_id]);
          return record(ctx, (act_id) => withdraw(account, act_id, ctx));
        }),
      respond: (_ctx, { transactions: [voided] }: PaymentOperation) => {
        if (!voided) throw paymentErrors.NOT_FOUND();
        return publicTransaction(voided);
      },
    },
    get: async (ctx, { transaction_id }) => publicTransaction(await visible(ctx, transaction_id)),
  } satisfies Pick<Actions<typeof paymentOps>, 'create' | 'list' | 'get' | 'withdraw'>;

  async function charge(
    ctx: Ctx,
    { user_id, invoice_id, ...request }: InputOf<typeof paymentOps.create>,
  ): Promise<Charge> {
    const owner = await ownerOf(ctx, user_id);
    const invoice = invoice_id === undefined ? undefined : await payableInvoice(ctx, invoice_id, owner);
    const save = (transaction_id: number) =>
      payments.saveCharge(ctx, createCharge({ ...request, transaction_id, user_id: owner, currency, invoice }, ctx));
    return withId(payments.ids.transaction, save, ({ transaction_id }) => transaction_id);
  }

  async function payableInvoice(ctx: Ctx, invoice_id: number, user_id: number): Promise<ChargeRequest['invoice']> {
    const balance = await payments.findByInvoice(invoice_id);
    if (!balance || !maySee(ctx.actor, balance)) throw paymentErrors.INVOICE_NOT_FOUND();
    mustBePayable(balance, { user_id, currency });
    return { invoice_id, order_id: balance.order_id, total: balance.total ?? ZERO };
  }

  async function visible(ctx: Ctx, transaction_id: number): Promise<TransactionState> {
    const found = await payments.get(transaction_id);
    if (!maySee(ctx.actor, found)) throw paymentErrors.NOT_FOUND();
    return found;
  }

  async function ownerOf(ctx: Ctx, user_id: number | undefined): Promise<number> {
    const actor = self(ctx);
    if (user_id === undefined || user_id === actor.id) return actor.id;
    if (!isStaff(actor)) throw paymentErrors.NOT_YOURS();
    return (await peers.user.profileOf(ctx, { user_id })).id;
  }
}
