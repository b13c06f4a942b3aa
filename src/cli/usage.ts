import { type Command, CommanderError } from 'commander';
import { nearestTo } from '../platform/contract/spelling.ts';

/** The arguments are not valid: a sentence, with a suggestion where a known word is near. */
export class UsageError extends Error {
  readonly code = 'USAGE';

  constructor(sentence: string) {
    super(sentence);
    this.name = 'UsageError';
  }
}

/** Makes commander throw a UsageError for invalid arguments, and its own error after help or the version. */
export function throwUsageErrors(program: Command, print: (text: string) => void): void {
  program
    .helpCommand(false)
    .showSuggestionAfterError(false)
    // Faults are printed in one place, and once.
    .configureOutput({ writeOut: print, writeErr: () => undefined, outputError: () => undefined })
    .exitOverride((error) => {
      throw usageErrorOf(error, program);
    });
  for (const command of program.commands) throwUsageErrors(command, print);
}

/** Throws UsageError for the first word that is not a command where a command is required. */
export function refuseUnknownCommand(program: Command, args: readonly string[]): void {
  let at = program;
  for (const word of args) {
    if (word === '--' || at.commands.length === 0) return;
    if (word.startsWith('-')) continue;
    const next = at.commands.find((one) => one.name() === word);
    if (!next) {
      const names = at.commands.map((one) => one.name());
      throw new UsageError(`${withPeriod(`unknown command '${word}'${suggestionFor(word, names)}`)} ${seeHelp(at)}`);
    }
    at = next;
  }
}

function usageErrorOf(error: CommanderError, command: Command): Error {
  if (error.exitCode === 0) return error;
  const sentence = error.message.replace(/^error: /, '').replace(/\.$/, '');
  const option = /^unknown option '([^']+)'$/.exec(sentence)?.[1];
  const suggestion = option === undefined ? '' : suggestionFor(option, flagsOf(command));
  const text = error.code === 'commander.help' ? missingCommand(command) : sentence;
  return new UsageError(`${withPeriod(text + suggestion)} ${seeHelp(command)}`);
}

const withPeriod = (sentence: string): string => (/[.?]$/.test(sentence) ? sentence : `${sentence}.`);

const missingCommand = (command: Command): string =>
  `${pathOf(command)} needs one of ${command.commands.map((one) => one.name()).join(', ')}`;

const seeHelp = (command: Command): string => `See ${pathOf(command)} --help.`;

/** Such as `tradepost dead-letters list`. */
export function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

function flagsOf(command: Command): string[] {
  const own = command.options.flatMap(({ short, long }) => [short, long].filter((flag) => flag !== undefined));
  return command.parent ? [...own, ...flagsOf(command.parent)] : [...own, '--help'];
}

function suggestionFor(word: string, known: readonly string[]): string {
  const near = nearestTo(word.toLowerCase(), known);
  return near.length === 0 ? '' : `; did you mean ${near.map((one) => `'${one}'`).join(' or ')}?`;
}

/** Whether commander ended after it printed help or the version. */
export function isShown(error: unknown): boolean {
  return error instanceof CommanderError && error.exitCode === 0;
}
