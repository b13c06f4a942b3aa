import { type Command, CommanderError } from 'commander';
import { nearestTo } from '../platform/contract/spelling.ts';

/** The words of the command make no sense: a sentence, with the right word where one is near. */
export class Misused extends Error {
  readonly code = 'USAGE';

  constructor(sentence: string) {
    super(sentence);
    this.name = 'Misused';
  }
}

/** Makes every fault in the words a Misused, and what is no fault (help, the version) an end without one. */
export function tellMisuse(program: Command, print: (text: string) => void): void {
  program
    .helpCommand(false)
    .showSuggestionAfterError(false)
    // Faults are told in one place, and once.
    .configureOutput({ writeOut: print, writeErr: () => undefined, outputError: () => undefined })
    .exitOverride((error) => {
      throw misuseOf(error, program);
    });
  for (const command of program.commands) tellMisuse(command, print);
}

/** Throws Misused for the first word that is no command, where one must stand. */
export function refuseUnknownCommand(program: Command, args: readonly string[]): void {
  let at = program;
  for (const word of args) {
    if (word === '--' || at.commands.length === 0) return;
    if (word.startsWith('-')) continue;
    const next = at.commands.find((one) => one.name() === word);
    if (!next) {
      const names = at.commands.map((one) => one.name());
      throw new Misused(`${closed(`unknown command '${word}'${meant(word, names)}`)} ${seeHelp(at)}`);
    }
    at = next;
  }
}

function misuseOf(error: CommanderError, command: Command): Error {
  if (error.exitCode === 0) return error;
  const sentence = error.message.replace(/^error: /, '').replace(/\.$/, '');
  const option = /^unknown option '([^']+)'$/.exec(sentence)?.[1];
  const suggestion = option === undefined ? '' : meant(option, flagsOf(command));
  const text = error.code === 'commander.help' ? missingCommand(command) : sentence;
  return new Misused(`${closed(text + suggestion)} ${seeHelp(command)}`);
}

const closed = (sentence: string): string => (/[.?]$/.test(sentence) ? sentence : `${sentence}.`);

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

function meant(word: string, known: readonly string[]): string {
  const near = nearestTo(word.toLowerCase(), known);
  return near.length === 0 ? '' : `; did you mean ${near.map((one) => `'${one}'`).join(' or ')}?`;
}

/** Whether commander ended because it had shown what was asked for. */
export function isShown(error: unknown): boolean {
  return error instanceof CommanderError && error.exitCode === 0;
}
