import { type Static, type TSchema, Type } from 'typebox';
import { Amount, Currency, Id, Money, OneOf, op, PageOf, paging } from '../../../platform/contract/contract.ts';
import { reconciliationOp } from '../../../platform/contract/reconciliation.ts';
import { TextLine } from '../../../platform/contract/schema/text.ts';
import { Transaction } from '../payment.types.contract.ts';

const orNull = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()]);

/** What an order owes, and what moved for it. */
export const Receivable = Type.Object(
  {
    order_id: Id(),
    user_id: Id(),
    /** The invoice that is open; null when there is none. */
    invoice_id: orNull(Id()),
    currency: orNull(Currency()),
    total: orNull(Amount()),
    paid_total: Amount('ever captured'),
    refunded_total: Amount('ever given back'),
    credited_total: Amount('of what was given back, what is not owed any more'),
    open: Amount('what is still owed'),
    processing: Type.Boolean({ description: 'a provider was asked for money, and may capture it' }),
    closed: Type.Boolean({ description: 'the order was cancelled' }),
  },
  { title: 'Receivable' },
);
export type Receivable = Static<typeof Receivable>;

/** How money came that no provider brought. */
export const OutsideMethod = OneOf('bank_transfer', 'cash', 'cheque', 'other');
export type OutsideMethod = Static<typeof OutsideMethod>;

/** How many receivables are asked for or listed at once. */
export const MAX_RECEIVABLES = 200;

const order = { order_id: Id() };

export const receivableOps = {
  openReceivable: op('POST /internal/receivables', {
    access: 'internal',
    summary: 'An invoice is to be paid; repeated for the same one it changes nothing',
    input: Type.Object({
      order_id: Id(),
      invoice_id: Id(),
      user_id: Id(),
      subtotal: Amount(),
      tax: Amount(),
      tax_rate: Type.String({ maxLength: 16, description: 'a decimal such as 0.1' }),
      total: Amount(),
      currency: Currency(),
    }),
    output: Receivable,
  }),
  closeReceivable: op('POST /internal/receivables/{order_id}/close', {
    access: 'internal',
    summary: 'An invoice was cancelled: what is open of it is voided; refused while a provider may capture',
    input: Type.Object({ ...order, invoice_id: Id(), user_id: Type.Optional(Id()) }),
    output: Receivable,
  }),
  payOutside: op('POST /internal/receivables/{order_id}/payments', {
    access: 'internal',
    summary: 'Money for an invoice that came without a provider; what is open and no longer fits is voided',
    input: Type.Object({
      ...order,
      invoice_id: Id(),
      key: Type.String({ minLength: 1, maxLength: 200, description: 'repeated under it, nothing is paid again' }),
      method: OutsideMethod,
      reference: Type.Optional(TextLine(140)),
      date: Type.String({ maxLength: 40, description: 'the day that the money came' }),
      amount: Type.Optional(Money({ minimum: 0.01, description: 'all that is owed unless it is given' })),
    }),
    output: Type.Object({ receivable: Receivable, transaction: Transaction }),
  }),
  closeOrder: op('POST /internal/receivables/{order_id}/end', {
    access: 'internal',
    summary: 'What follows from order.cancelled: what is open is voided, and what was paid is given back as a credit',
    input: Type.Object({ ...order, user_id: Id() }),
    output: Receivable,
  }),
  findReceivables: op('POST /internal/receivables/find', {
    access: 'internal',
    summary: 'The receivables of these orders; an order without one is left out',
    input: Type.Object({ order_ids: Type.Array(Id(), { maxItems: MAX_RECEIVABLES }) }),
    output: Type.Object({ items: Type.Array(Receivable) }),
  }),
  receivables: op('GET /internal/receivables', {
    access: 'internal',
    summary: 'All receivables, the newest order first',
    input: Type.Object({ ...paging }),
    output: PageOf(Receivable),
  }),
  /** Those for which something was paid: `amount` is what was credited, `paid` what was kept. */
  receivableFigures: reconciliationOp('receivables'),
};
