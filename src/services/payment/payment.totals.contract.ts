import { type Minor, minor } from '../../platform/contract/money.ts';

type PaymentStatus = 'not_paid' | 'partially_paid' | 'paid' | 'partially_refunded' | 'refunded';

/** What moved for an order up to a moment. Each total only grows, so that events may come in any order. */
export interface MoneyTotals {
  /** Ever captured. */
  readonly paid_total: Minor;
  /** Ever given back, as a credit or as a correction. */
  readonly refunded_total: Minor;
  /** Of what was given back, what is not owed any more. */
  readonly credited_total: Minor;
}

/** What an order comes to and what moved for it. */
export interface PaymentFacts extends MoneyTotals {
  readonly total: Minor;
  readonly cancelled: boolean;
}

/** What the shop has: paid less given back. */
export const netPaid = ({ paid_total, refunded_total }: Omit<MoneyTotals, 'credited_total'>): Minor =>
  minor(paid_total - refunded_total);

/** What the shop is to have in the end: nothing of a cancelled order, otherwise the total less its credits. */
export const amountDue = ({
  total,
  credited_total,
  cancelled,
}: Pick<PaymentFacts, 'total' | 'credited_total' | 'cancelled'>): Minor =>
  minor(cancelled ? 0 : Math.max(0, total - credited_total));

/** What is still owed; never less than zero. */
export const openAmount = (facts: PaymentFacts): Minor => minor(Math.max(0, amountDue(facts) - netPaid(facts)));

/** Whether nothing is owed: the condition of a paid invoice and of a completed order. */
export const owesNothing = (facts: PaymentFacts): boolean => openAmount(facts) === 0;

/** The payment status that follows from the totals: `paid` means net of what was given back. */
export function paymentStatusOf(facts: PaymentFacts): PaymentStatus {
  const net = netPaid(facts);
  if (facts.cancelled) return statusOfCancelled(facts, net);
  if (!owesNothing(facts)) return net === 0 ? 'not_paid' : 'partially_paid';
  if (facts.credited_total === 0) return 'paid';
  return net === 0 ? 'refunded' : 'partially_refunded';
}

function statusOfCancelled({ total, refunded_total }: PaymentFacts, net: Minor): PaymentStatus {
  if (net <= 0) return refunded_total > 0 ? 'refunded' : 'not_paid';
  if (refunded_total > 0) return 'partially_refunded';
  return net < total ? 'partially_paid' : 'paid';
}

/** Totals as an event has them: those of versions before kinds of refunds leave out the credits, and all were credits. */
export interface AnnouncedTotals {
  readonly paid_total: Minor | null;
  readonly refunded_total: Minor | null;
  readonly credited_total?: Minor | null;
}

const larger = (known: Minor, other: Minor | null | undefined): Minor => minor(Math.max(known, other ?? 0));

/** The totals after others are known: of each the larger. Totals that are null change nothing. */
export function followTotals(known: MoneyTotals, other: AnnouncedTotals): MoneyTotals {
  const { paid_total, refunded_total, credited_total = refunded_total } = other;
  return {
    paid_total: larger(known.paid_total, paid_total),
    refunded_total: larger(known.refunded_total, refunded_total),
    credited_total: larger(known.credited_total, credited_total),
  };
}
