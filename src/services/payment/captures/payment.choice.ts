import { isStaff, maySee } from '../../../platform/contract/actor.ts';
import type { Ctx, InputOf } from '../../../platform/contract/contract.ts';
import { payable } from '../model/payment.capture.model.ts';
import { chooseInvoice, chooseTransactions } from '../model/payment.choice.model.ts';
import type { Account, OrderBalance, TransactionState } from '../model/payment.model.ts';
import type { PaymentOperation } from '../model/payment.operation.model.ts';
import { payerOf } from '../payment.access.ts';
import { paymentErrors, type paymentOps } from '../payment.contract.ts';
import type { PaymentRepository } from '../payment.repository.ts';

type PayInput = InputOf<typeof paymentOps.pay>;

/** What one payment pays, and for whom. */
export interface Chosen {
  readonly account: Account;
  /** One without a version is made by the payment. */
  readonly transactions: readonly TransactionState[];
  readonly user_id: number;
  readonly method?: string;
}

type Pay<R> = (ctx: Ctx, chosen: Chosen) => Promise<R>;

/** Loads what a request wants to have paid, and hands it to `pay`: what it names, or all that is open. */
export function paymentChoice(payments: PaymentRepository, currency: string) {
  return async function choose<R extends PaymentOperation>(ctx: Ctx, input: PayInput, pay: Pay<R>): Promise<R> {
    const { transaction_ids: ids, invoice_id, payment_method: method } = input;
    if (ids && invoice_id !== undefined) throw paymentErrors.TWO_CHOICES();
    if (ids) return pay(ctx, { ...(await named(ctx, ids, input.user_id)), method });
    if (invoice_id !== undefined) return ofInvoice(ctx, { ...input, invoice_id }, pay);
    const user_id = payerOf(ctx, input.user_id);
    const account = await payments.openAccount(user_id);
    return pay(ctx, { account, transactions: payable(account), user_id, method });
  };

  async function named(ctx: Ctx, ids: readonly number[], payer: number | undefined): Promise<Omit<Chosen, 'method'>> {
    const account = await payments.account(ids);
    // The staff need not say whose they are.
    const owner = payer ?? (isStaff(ctx.actor) ? account.transactions[0]?.user_id : undefined);
    const user_id = payerOf(ctx, owner);
    return { account, transactions: chooseTransactions(account, { ids, user_id }), user_id };
  }

  async function ofInvoice<R extends PaymentOperation>(
    ctx: Ctx,
    { invoice_id, user_id: payer, payment_method: method }: PayInput & { readonly invoice_id: number },
    pay: Pay<R>,
  ): Promise<R> {
    const found = await payments.findByInvoice(invoice_id);
    if (!found || !maySee(ctx.actor, found)) throw paymentErrors.INVOICE_NOT_FOUND();
    const { user_id, order_id } = found;
    if (payer !== undefined && payer !== user_id) throw paymentErrors.OTHER_OWNER();
    const account = await payments.accountOfOrder(order_id, user_id);
    const balance = account.balances.get(order_id) ?? found;
    const transactions = await payingInvoice(ctx, account, balance);
    return pay(ctx, { account: { ...account, transactions }, transactions, user_id, method });
  }

  // The id of a new transaction is not given back once it was handed on: a provider may refuse what is saved already.
  async function payingInvoice(ctx: Ctx, account: Account, balance: OrderBalance): Promise<TransactionState[]> {
    const transaction_id = await payments.ids.transaction.next();
    const giveBack = () => payments.ids.transaction.giveBack(transaction_id);
    try {
      const chosen = chooseInvoice(account, { balance, currency, transaction_id }, ctx);
      if (!chosen.some((one) => one.transaction_id === transaction_id)) giveBack();
      return chosen;
    } catch (error) {
      giveBack();
      throw error;
    }
  }
}
