import { createInterface } from 'node:readline/promises';
import { CliError } from './cli-error.ts';

/** Asks on the terminal whether it is meant. Throws Refused without a yes, or where there is no terminal. */
export async function confirm(question: string): Promise<void> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY) throw new CliError(`${question} There is no terminal to ask on: say --yes when it is meant.`);
  const answer = await ask(`${question} [y/N] `, stdin, stderr);
  if (!/^y(es)?$/i.test(answer.trim())) throw new CliError('Nothing was done.');
}

/** A line that somebody types. Throws Refused at Ctrl-C, or when there is none. */
export async function ask(
  question: string,
  input: NodeJS.ReadableStream = process.stdin,
  output: NodeJS.WritableStream = process.stderr,
): Promise<string> {
  const reader = createInterface({ input, output });
  const given = new AbortController();
  for (const end of ['SIGINT', 'close'] as const) reader.on(end, () => given.abort());
  try {
    return await reader.question(question, { signal: given.signal });
  } catch {
    throw new CliError('No answer was given.');
  } finally {
    reader.close();
  }
}
