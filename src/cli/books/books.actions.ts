import type { Config } from '../../platform/config/config.ts';
import type { BookDifference, BooksPage } from '../../services/analytics/books/analytics.books.contract.ts';
import type { FigureCheck } from '../../services/analytics/check/analytics.check.contract.ts';
import { type ApiClient, type Connection, connectApiClient } from '../api-client.ts';
import type { Output } from '../output/output.ts';
import { booksText, type LedgerCheck } from './books.print.ts';

export interface BooksOptions extends Connection {
  readonly from?: number;
}

/** `tradepost books check`: ends with 1 when something differs. */
export async function checkBooksCommand(config: Config, options: BooksOptions, output: Output): Promise<void> {
  const system = await connectApiClient(config, options);
  const books = await compareAll(system, options.from, output);
  output.progress('Checking the ledger …');
  const ledger = await system.ask<LedgerCheck>('GET', '/ledger/check');
  output.progress('Comparing the figures with their services …');
  const figures = await system.ask<FigureCheck>('GET', '/stats/check');
  const agrees = books.differences.length === 0 && ledger.ok && figures.agrees;
  const check = { agrees, ...books, ledger, figures };
  output.result(check, () => booksText(check));
  if (!agrees) process.exitCode = 1;
}

interface WalkedBooks {
  readonly compared: number;
  readonly differences: readonly BookDifference[];
  readonly on_their_way: number;
}

/** Page after page, so that no request takes long. */
async function compareAll(system: ApiClient, from: number | undefined, output: Output): Promise<WalkedBooks> {
  const differences: BookDifference[] = [];
  let [compared, on_their_way] = [0, 0];
  let query = from === undefined ? '' : `?from_id=${from}`;
  for (;;) {
    const page = await system.ask<BooksPage>('GET', `/stats/books${query}`);
    differences.push(...page.differences);
    compared += page.compared;
    on_their_way += page.on_their_way;
    output.progress(`${compared} compared, ${differences.length} differ …`);
    if (page.next === null) return { compared, differences, on_their_way };
    query = `?cursor=${encodeURIComponent(page.next)}`;
  }
}
