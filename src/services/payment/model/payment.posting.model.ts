import { type Minor, minor, spread } from '../../../platform/contract/money.ts';
import type { PostingKind } from '../ledger/payment.ledger.contract.ts';
import type { OrderBalance, TransactionState } from './payment.model.ts';
import { ZERO } from './payment.model.ts';

/** One amount from the account `credit` to the account `debit`, for a version of a transaction or of a receivable. */
export interface Posting {
  readonly transaction_id: number | null;
  readonly order_id: number | null;
  readonly invoice_id: number | null;
  readonly nth: number;
  /** Counts what one version posts to several accounts. */
  readonly line: number;
  readonly kind: PostingKind;
  readonly debit: string;
  readonly credit: string;
  readonly amount: Minor;
  readonly currency: string;
}

/** The account of what a user owes. */
export const receivable = (user_id: number): string => `receivable/${user_id}`;
/** Of a payment that came without a provider, what stands for one. */
export const outside = (method: string): string => `outside/${method}`;
/** The account of what a provider holds for the shop, or of what came from outside. */
export const cash = (provider: string): string => (provider.startsWith('outside/') ? provider : `cash/${provider}`);
/** The account of the tax that the shop owes, by its rate: `tax/0.1`. */
const tax = (rate: string): string => `tax/${rate}`;
export const SALES = 'sales';
const REFUNDS = 'refunds';

/** Whether the claim of an order is posted as a whole, and not with each charge. */
export const isPosted = (balance: OrderBalance | undefined): balance is OrderBalance & PostedClaim =>
  balance !== undefined && balance.posted !== null;

interface PostedClaim {
  readonly posted: Minor;
}

/** The posting of the next version of a transaction. */
export function posting(
  of: TransactionState,
  kind: PostingKind,
  debit: string,
  credit: string,
  amount: Minor,
): Posting {
  const { transaction_id, currency, version } = of;
  const whose = { transaction_id, order_id: null, invoice_id: null };
  return { ...whose, nth: version + 1, line: 0, kind, debit, credit, amount, currency };
}

/** A charge whose claim is not posted with its invoice. Before its first version, since its payment may be the first. */
export const chargePosting = (charge: TransactionState): Posting => ({
  ...posting(charge, 'charge', receivable(charge.user_id), SALES, charge.amount),
  nth: 0,
});

/** A charge is taken back; nothing when its claim is posted with its invoice. */
export const chargeReversal = (charge: TransactionState, balance: OrderBalance | undefined): Posting[] =>
  isPosted(balance) ? [] : [posting(charge, 'reversal', SALES, receivable(charge.user_id), charge.amount)];

/**
 * A correction: the user owes again what is given back. Where each charge is posted by itself, the next charge claims
 * it, so this one's sale is taken back.
 */
export function correctionPosting(
  of: TransactionState,
  provider: string,
  amount: Minor,
  balance: OrderBalance | undefined,
): Posting {
  return posting(of, 'correction', isPosted(balance) ? receivable(of.user_id) : SALES, cash(provider), amount);
}

/**
 * A credit, net and tax in the proportion of the invoice. The tax of a credit is the difference of the tax of all credits
 * after and before it, so that no cent is lost however many there are. `credited` is what was credited before.
 */
export function creditPostings(
  of: TransactionState,
  provider: string,
  amount: Minor,
  balance: OrderBalance | undefined,
  credited: Minor,
): Posting[] {
  const net = (part: Minor) => posting(of, 'refund', REFUNDS, cash(provider), part);
  if (!isPosted(balance) || balance.tax_rate === null) return [net(amount)];
  const { total, tax: whole, tax_rate } = balance;
  const taxed = (so_far: Minor): number => taxIn(so_far, total ?? ZERO, whole ?? ZERO);
  const part = minor(taxed(minor(credited + amount)) - taxed(credited));
  const lines = [net(minor(amount - part)), { ...posting(of, 'refund', tax(tax_rate), cash(provider), part), line: 1 }];
  return lines.filter((one) => one.amount > 0);
}

/** The tax in a part of a total. */
function taxIn(part: Minor, total: Minor, whole: Minor): Minor {
  if (total === 0) return ZERO;
  const [, share = ZERO] = spread(part, [minor(total - whole), whole]);
  return share;
}

/** Takes back what is posted of a claim and not paid, net and tax, and what of it stays posted. */
export function claimReversal(
  balance: OrderBalance & PostedClaim,
  amount: Minor,
  currency: string,
): { readonly entries: Posting[]; readonly posted: Minor; readonly posted_tax: Minor } {
  const { order_id, invoice_id, user_id, total, tax: whole, tax_rate, version } = balance;
  const before = balance.posted_tax ?? ZERO;
  const posted = minor(balance.posted - amount);
  const posted_tax = taxIn(posted, total ?? ZERO, whole ?? ZERO);
  const line = (n: number, debit: string, part: number): Posting => ({
    ...{ transaction_id: null, order_id, invoice_id, nth: version + 1, line: n, kind: 'reversal' },
    ...{ debit, credit: receivable(user_id), amount: minor(part), currency },
  });
  const taken = before - posted_tax;
  const lines = [line(0, SALES, amount - taken), line(1, tax(tax_rate ?? '0'), taken)];
  return { entries: lines.filter((one) => one.amount > 0), posted, posted_tax };
}
