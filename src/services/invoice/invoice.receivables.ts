import { openDifferences } from '../../platform/app/differences.ts';
import { rounds } from '../../platform/app/rounds.ts';
import { type Change, type Ctx, type OutputOf, unchanged } from '../../platform/contract/contract.ts';
import { retryOnConflict } from '../../platform/contract/retry-on-conflict.ts';
import type { Log } from '../../platform/observability/log.ts';
import { MAX_RECEIVABLES, type Receivable } from '../payment/receivables/payment.receivables.contract.ts';
import type { invoiceOps } from './invoice.contract.ts';
import { type InvoiceState, isLiving } from './invoice.model.ts';
import type { OpenInvoice, Payments } from './invoice.opening.ts';
import type { InvoiceRepository } from './invoice.repository.ts';
import { cancelInvoice, followMoney } from './statuses/invoice.statuses.model.ts';

type Outcome = OutputOf<typeof invoiceOps.compareReceivables>;

interface ComparisonParts {
  readonly invoices: Pick<InvoiceRepository, 'list' | 'get' | 'save'>;
  readonly payment: Payments;
  readonly openInvoice: OpenInvoice;
  readonly log: Pick<Log, 'warn'>;
}

/**
 * Compares invoices with their receivables: opens those that a crash left out and closes those of cancelled invoices,
 * follows money and cancelled orders that an event missed, and finishes a cancellation that was interrupted. A page is
 * one statement here and one call to payment.
 */
export function receivablesComparison(parts: ComparisonParts): (ctx: Ctx) => Promise<Outcome> {
  const { invoices, payment, openInvoice, log } = parts;
  const differences = openDifferences();
  const round = rounds();

  return async function compareReceivables(ctx) {
    const outcome: Outcome = { opened: 0, followed: 0 };
    await round(ctx, (cursor, older) => comparePage(ctx, cursor, older, outcome));
    return outcome;
  };

  async function comparePage(ctx: Ctx, cursor: string | undefined, older: boolean, outcome: Outcome) {
    const { items, next } = await invoices.list({}, { limit: MAX_RECEIVABLES, cursor });
    const order_ids = items.map(({ order_id }) => order_id);
    const found = items.length === 0 ? { items: [] } : await payment.findReceivables(ctx, { order_ids });
    const receivables = new Map(found.items.map((one) => [one.order_id, one]));
    for (const invoice of items) await attempt(ctx, invoice, receivables.get(invoice.order_id), older, outcome);
    return { next, oldest: items.at(-1)?.created_at };
  }

  // One that fails, as while a provider may capture, must not keep the others from being compared.
  async function attempt(ctx: Ctx, invoice: InvoiceState, known: Receivable | undefined, older: boolean, to: Outcome) {
    const { invoice_id, order_id, user_id } = invoice;
    try {
      if (!isLiving(invoice)) {
        if (known?.invoice_id === invoice_id && known.open > 0)
          await payment.closeReceivable(ctx, { order_id, invoice_id, user_id });
        return;
      }
      const receivable = isUnopened(invoice, known) ? await openInvoice(ctx, invoice) : known;
      if (receivable?.invoice_id === invoice_id && receivable !== known) to.opened++;
      if (receivable) to.followed += Number(await compare(ctx, invoice, receivable, older));
    } catch (error) {
      log.warn({ err: error, invoice_id }, 'an invoice could not be compared with its receivable; it is tried again');
    }
  }

  async function compare(ctx: Ctx, invoice: InvoiceState, receivable: Receivable, older: boolean): Promise<boolean> {
    const { invoice_id, order_id } = invoice;
    if (afterReceivable(invoice, receivable, ctx).events.length === 0) {
      differences.close(invoice_id);
      return false;
    }
    const { paid_total, refunded_total, credited_total, closed } = receivable;
    const figures = `${paid_total} ${refunded_total} ${credited_total} ${closed} ${receivable.invoice_id}`;
    const now = Date.parse(ctx.now);
    if (!older && !differences.isSettled(invoice_id, figures, now)) {
      differences.open(invoice_id, figures, now);
      return false;
    }
    differences.close(invoice_id);
    await retryOnConflict(async () =>
      invoices.save(ctx, afterReceivable(await invoices.get(invoice_id), receivable, ctx)),
    );
    log.warn({ order_id }, 'an event about an invoice was lost or is late; what follows from it is done');
    return true;
  }
}

/** A draft or sent invoice that nobody can pay yet. */
const isUnopened = ({ status, invoice_id }: InvoiceState, receivable: Receivable | undefined): boolean =>
  (status === 'draft' || status === 'sent') &&
  !receivable?.closed &&
  (receivable?.invoice_id !== invoice_id || receivable.currency === null);

/** The invoice after a comparison: cancelled with its order or its receivable, otherwise as its money says. */
function afterReceivable(state: InvoiceState, receivable: Receivable, ctx: Ctx): Change<InvoiceState> {
  if (!isLiving(state)) return unchanged(state);
  const followed = followMoney(state, receivable, ctx);
  const ended = receivable.closed || receivable.invoice_id === null;
  return ended && followed.events.length === 0 ? cancelInvoice(state, ctx) : followed;
}
