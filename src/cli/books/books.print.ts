import type { BookDifference } from '../../services/analytics/books/analytics.books.contract.ts';
import type { FigureCheck } from '../../services/analytics/check/analytics.check.contract.ts';
import { checkText } from '../analytics/analytics.actions.ts';
import { plainText } from '../output/plain.ts';

/** What the command reads of GET /ledger/check. */
export interface LedgerCheck {
  readonly ok: boolean;
  readonly differences: readonly { readonly what: string; readonly kept: number; readonly ledger: number }[];
}

export interface BooksCheck {
  readonly compared: number;
  readonly differences: readonly BookDifference[];
  readonly on_their_way: number;
  readonly ledger: LedgerCheck;
  readonly figures: FigureCheck;
}

/** What a check found: a line for each kind of check, and a block for each difference. */
export function booksText({ compared, differences, on_their_way, ledger, figures }: BooksCheck): string {
  const found = differences.length === 0 ? 'agree' : `${differences.length} differ`;
  const young = on_their_way === 0 ? '' : `; ${on_their_way} on their way`;
  return [
    `books: ${compared}, ${found}${young}`,
    ...differences.flatMap(block),
    `ledger: ${ledger.ok ? 'agrees' : 'differs'}`,
    ...ledger.differences.map(({ what, kept, ledger: posted }) => plainText(`  ${what}: ${kept}, ledger ${posted}`)),
    checkText(figures),
  ].join('\n');
}

function block({ pair, order_id, product_id, what, left, right, since, event, mend }: BookDifference): string[] {
  const of = order_id === null ? `product ${product_id}` : `order ${order_id}`;
  const when = since === null ? 'since an unknown time' : `since ${since} (${event?.type ?? 'no event'})`;
  return [`  ${of}, ${pair}: ${what}, ${when}`, `    ${left}`, `    ${right}`, `    mend: ${mend}`].map(plainText);
}
