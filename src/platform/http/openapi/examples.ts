import { readFileSync } from 'node:fs';
import type { Contract } from '../../contract/contract.ts';

/** Responses recorded in a running shop: by the name of the operation, then by status. */
export type ResponseExamples = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** The example responses of a contract; none when it names no file. Throws when the file is missing. */
export function examplesOf({ answers }: Contract): ResponseExamples {
  return answers ? (JSON.parse(readFileSync(answers, 'utf8')) as ResponseExamples) : {};
}
