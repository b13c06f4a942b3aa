import { readFileSync } from 'node:fs';
import type { Contract } from '../../contract/contract.ts';

/** What operations answered in a running shop: by the name of the operation, then by status. */
export type Answers = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** The answers that a contract shows; none when it names no file. Throws when the file is gone. */
export function answersOf({ answers }: Contract): Answers {
  return answers ? (JSON.parse(readFileSync(answers, 'utf8')) as Answers) : {};
}
