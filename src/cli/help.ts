import type { Command } from 'commander';

/** What the help of a command shows beside its options. */
export interface CommandHelp {
  readonly examples: readonly string[];
  /** Exit codes other than these: 0 it is done, 1 it is not. */
  readonly exits?: Readonly<Record<number, string>>;
  /** What a reader must know, a paragraph. */
  readonly more?: string;
}

const explanations = new WeakMap<Command, CommandHelp>();

/** Gives a command its examples and its exit codes. */
export function addCommandHelp(command: Command, explanation: CommandHelp): Command {
  explanations.set(command, explanation);
  return command.addHelpText('after', () => textOf(explanation));
}

/** What was said of a command; undefined for one that only holds others. */
export function explanationOf(command: Command): CommandHelp | undefined {
  return explanations.get(command);
}

/** The exit codes of a command, in order. */
export function exitsOf({ exits }: CommandHelp): [string, string][] {
  return Object.entries({ 0: 'it is done', 1: 'something is wrong; standard error says what', ...exits });
}

function textOf(explanation: CommandHelp): string {
  const { examples, more } = explanation;
  return [
    ...(more ? ['', more] : []),
    '',
    examples.length === 1 ? 'Example:' : 'Examples:',
    ...examples.map((line) => `  ${line}`),
    '',
    'Exit codes:',
    ...exitsOf(explanation).map(([code, text]) => `  ${code}  ${text}`),
  ].join('\n');
}
