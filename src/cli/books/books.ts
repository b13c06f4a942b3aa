import { type Command, InvalidArgumentError } from 'commander';
import { connected } from '../connected.ts';
import type { CommandContext } from '../context.ts';
import { addCommandHelp } from '../help.ts';
import type { BooksOptions } from './books.actions.ts';

/** `tradepost books`: compares the books of all services with each other. */
export function addBooksCommands(program: Command, { configuration, output }: CommandContext): void {
  const books = program.command('books').description('compare the books of all services with each other');
  const check = connected(books.command('check'))
    .description('compare orders with receivables, invoices, shipments and stock, then the ledger and the figures')
    .option('--from <order_id>', 'begin with this order and go on to older ones (default: the newest)', orderId)
    .action(async (options: BooksOptions) =>
      (await import('./books.actions.ts')).checkBooksCommand(configuration(), options, output),
    );
  addCommandHelp(check, {
    examples: ['tradepost books check', 'tradepost books check --from 1200 --json'],
    exits: { 0: 'they agree', 1: 'they differ, or standard error has the reason' },
    more:
      'It changes nothing. Each difference is printed with what both books say, since when and by which event, and with ' +
      'the command, request or job that mends it. What changed within the last minute may have events on its way, and is ' +
      'only counted. The job analytics.compare_books does the same all the time (metric tradepost_book_differences).',
  });
}

function orderId(text: string): number {
  const id = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(id) && id > 0) return id;
  throw new InvalidArgumentError('It takes the number of an order.');
}
