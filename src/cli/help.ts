import type { Command } from 'commander';

/** What the help of a command shows beside its options. */
export interface Explanation {
  readonly examples: readonly string[];
  /** Exit codes other than these: 0 it is done, 1 it is not. */
  readonly exits?: Readonly<Record<number, string>>;
  /** What a reader must know, a paragraph. */
  readonly more?: string;
}

const explanations = new WeakMap<Command, Explanation>();

/** Gives a command its examples and its exit codes. */
export function explain(command: Command, explanation: Explanation): Command {
  explanations.set(command, explanation);
  return command.addHelpText('after', () => textOf(explanation));
}

/** What was said of a command; undefined for one that only holds others. */
export function explanationOf(command: Command): Explanation | undefined {
  return explanations.get(command);
}

/** The exit codes of a command, in order. */
export function exitsOf({ exits }: Explanation): [string, string][] {
  return Object.entries({ 0: 'it is done', 1: 'something is wrong; standard error says what', ...exits });
}

function textOf(explanation: Explanation): string {
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
