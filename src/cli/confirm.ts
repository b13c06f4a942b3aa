import { createInterface } from 'node:readline/promises';
import { CliError } from './cli-error.ts';

/** Asks for confirmation on the terminal. Throws CliError without a yes, or without a terminal. */
export async function confirm(question: string): Promise<void> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY) throw new CliError(`${question} There is no terminal to ask on: add --yes to confirm.`);
  const answer = await ask(`${question} [y/N] `, stdin, stderr);
  if (!/^y(es)?$/i.test(answer.trim())) throw new CliError('Nothing was done.');
}

/** Reads a line from the terminal. Throws CliError at Ctrl-C, or when there is none. */
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
