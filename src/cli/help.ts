import type { Command } from 'commander';

/** The help of a command beside its options. */
export interface CommandHelp {
  readonly examples: readonly string[];
  /** Exit codes that differ from the default: 0 success, 1 failure. */
  readonly exits?: Readonly<Record<number, string>>;
  /** One paragraph of explanation. */
  readonly more?: string;
}

const explanations = new WeakMap<Command, CommandHelp>();

/** Gives a command its examples and its exit codes. */
export function addCommandHelp(command: Command, explanation: CommandHelp): Command {
  explanations.set(command, explanation);
  return command.addHelpText('after', () => textOf(explanation));
}

/** The help of a command; undefined for one that only groups others. */
export function explanationOf(command: Command): CommandHelp | undefined {
  return explanations.get(command);
}

/** The exit codes of a command, in order. */
export function exitsOf({ exits }: CommandHelp): [string, string][] {
  return Object.entries({ 0: 'success', 1: 'failure; standard error has the reason', ...exits });
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
