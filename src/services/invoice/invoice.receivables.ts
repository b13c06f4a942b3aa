import { openDifferences } from '../../platform/app/differences.ts';
import { rounds } from '../../platform/app/rounds.ts';
import type { ApiOf, Ctx, OutputOf } from '../../platform/contract/contract.ts';
import { retryOnConflict } from '../../platform/contract/retry-on-conflict.ts';
import type { Log } from '../../platform/observability/log.ts';
import type { paymentOps } from '../payment/payment.contract.ts';
import { MAX_RECEIVABLES, type Receivable } from '../payment/receivables/payment.receivables.contract.ts';
import type { invoiceOps } from './invoice.contract.ts';
import { cancelInvoice, coverInvoice, type InvoiceState } from './invoice.model.ts';
import { openInvoice, type Payments } from './invoice.opening.ts';
import type { InvoiceRepository } from './invoice.repository.ts';

type Outcome = OutputOf<typeof invoiceOps.compareReceivables>;

interface ComparisonParts {
  readonly invoices: Pick<InvoiceRepository, 'list' | 'findByOrder' | 'save'>;
  readonly payment: Payments & Pick<ApiOf<typeof paymentOps>, 'findReceivables'>;
  readonly log: Pick<Log, 'warn'>;
}

/**
 * Compares invoices with their receivables: it opens those that a crash left out, and those of invoices from before there
 * were receivables, and makes up for lost events. A page is one statement here and one call to payment.
 */
export function openingAndComparison({ invoices, payment, log }: ComparisonParts): (ctx: Ctx) => Promise<Outcome> {
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
    for (const invoice of items) {
      const receivable = receivables.get(invoice.order_id);
      if (isUnopened(invoice, receivable)) outcome.opened += Number(await openInvoice(ctx, payment, invoice));
      else if (receivable) outcome.followed += Number(await compare(ctx, invoice, receivable, older));
    }
    return { next, oldest: items.at(-1)?.created_at };
  }

  async function compare(ctx: Ctx, invoice: InvoiceState, receivable: Receivable, older: boolean): Promise<boolean> {
    const { invoice_id, order_id } = invoice;
    if (afterReceivable(invoice, receivable, ctx).events.length === 0) {
      differences.close(invoice_id);
      return false;
    }
    const figures = `${receivable.paid_total} ${receivable.refunded_total} ${receivable.closed}`;
    const now = Date.parse(ctx.now);
    if (!older && !differences.isSettled(invoice_id, figures, now)) {
      differences.open(invoice_id, figures, now);
      return false;
    }
    differences.close(invoice_id);
    await retryOnConflict(() => follow(ctx, receivable));
    log.warn({ order_id }, 'an event about an invoice was lost or is late; what follows from it is done');
    return true;
  }

  async function follow(ctx: Ctx, receivable: Receivable): Promise<void> {
    const state = await invoices.findByOrder(receivable.order_id);
    if (state) await invoices.save(ctx, afterReceivable(state, receivable, ctx));
  }
}

/** A draft or sent invoice that nobody can pay yet. */
const isUnopened = ({ status }: InvoiceState, receivable: Receivable | undefined): boolean =>
  (status === 'draft' || status === 'sent') && !receivable?.closed && (receivable?.currency ?? null) === null;

/** The invoice after a comparison: cancelled with its order, otherwise paid when its total is covered. */
const afterReceivable = (state: InvoiceState, receivable: Receivable, ctx: Ctx) =>
  receivable.closed ? cancelInvoice(state, ctx) : coverInvoice(state, receivable, ctx);
