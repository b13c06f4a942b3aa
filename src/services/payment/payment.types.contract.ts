import { type Static, Type } from 'typebox';
import { Amount, Currency, Id, Time } from '../../platform/contract/contract.ts';

const STATUSES = ['open', 'processing', 'paid', 'partially_refunded', 'refunded', 'voided'] as const;
export type TransactionStatus = (typeof STATUSES)[number];
/** The status of a transaction. */
export const Status = () => Type.Unsafe<TransactionStatus>({ type: 'string', enum: [...STATUSES] });
export const PAYMENT_STATUSES = ['started', 'captured', 'failed'] as const;
export type ProviderPaymentStatus = (typeof PAYMENT_STATUSES)[number];
const REFUND_STATUSES = ['started', 'done', 'failed'] as const;
export type RefundStatus = (typeof REFUND_STATUSES)[number];

const REFUND_KINDS = ['credit', 'correction'] as const;
export type RefundKind = (typeof REFUND_KINDS)[number];
/** Whether a refund lowers what is owed, or makes it owed again. */
export const KindOfRefund = (description?: string) =>
  Type.Unsafe<RefundKind>({ type: 'string', enum: [...REFUND_KINDS], description });

export const idOrNull = (description?: string) =>
  Type.Unsafe<number | null>({ type: ['integer', 'null'], description });
/** How much of what a provider says of a failure is kept. */
export const MAX_REASON = 500;
export const textOrNull = (description?: string) =>
  Type.Unsafe<string | null>({ type: ['string', 'null'], maxLength: MAX_REASON, description });
const TimeOrNull = () => Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'date-time' });

/** What the world sees of a transaction. */
export const Transaction = Type.Object(
  {
    id: Id(),
    user_id: Id(),
    amount: Amount(),
    description: Type.String(),
    is_paid: Type.Boolean({ description: 'paid, whether or not some of it was given back later' }),
    created_at: Time(),
    currency: Currency(),
    status: Status(),
    invoice_id: idOrNull(),
    order_id: idOrNull(),
    refunded_total: Amount(),
    paid_at: TimeOrNull(),
  },
  { title: 'Transaction' },
);
export type Transaction = Static<typeof Transaction>;

/** A sum that was given back. A credit has a credit note that documents it; a correction has none. */
export const CreditNote = Type.Object(
  {
    credit_note_id: Id(),
    number: textOrNull(
      'gapless per year, such as CN-2026-000001; null until the money is given back, and for a correction',
    ),
    kind: KindOfRefund(),
    transaction_id: Id(),
    user_id: Id(),
    invoice_id: idOrNull(),
    order_id: idOrNull(),
    amount: Amount(),
    currency: Currency(),
    reason: Type.String(),
    status: Type.Unsafe<RefundStatus>({ type: 'string', enum: [...REFUND_STATUSES] }),
    created_at: Time(),
  },
  { title: 'CreditNote' },
);
export type CreditNote = Static<typeof CreditNote>;
