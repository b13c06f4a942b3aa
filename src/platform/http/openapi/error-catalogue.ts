import type { Contract } from '../../contract/contract.ts';
import { type AppError, common, type Kind, REMEDY, STATUS } from '../../contract/errors.ts';
import { problemOf } from '../problem.ts';

/** One error that a client may receive; `{name}` in a sentence stands for a field of the problem document. */
export interface CatalogueRow {
  readonly code: string;
  readonly status: number;
  readonly sentence: string;
  readonly remedy: string;
}

export interface CatalogueSection {
  readonly title: string;
  readonly rows: readonly CatalogueRow[];
}

/** Every error, by service: what the `type` of a problem document leads to. */
export function errorCatalogue(contracts: readonly Contract[]): CatalogueSection[] {
  const shared = { title: 'every service', rows: [...Object.values(common).map(rowOf), internal()] };
  const own = contracts.map(({ name, errors }) => ({ title: name, rows: Object.values(errors).map(rowOf) }));
  return [shared, ...own].filter(({ rows }) => rows.length > 0);
}

type Entry = Contract['errors'][string];

function rowOf(entry: Entry): CatalogueRow {
  const kind = entry.kind as Kind;
  const remedy = entry.remedy ?? REMEDY[kind];
  return { code: entry.code, status: STATUS[kind], sentence: sentenceOf(entry), remedy };
}

// Each fact of a sentence is replaced by its name in braces.
function sentenceOf(raise: unknown): string {
  const names = new Proxy({}, { get: (_facts, name) => `{${String(name)}}` });
  try {
    return (raise as (facts: object) => AppError)(names).message;
  } catch {
    return 'depends on the case';
  }
}

function internal(): CatalogueRow {
  const { code, status, detail, remedy } = problemOf(undefined, '', '');
  return { code, status, sentence: detail, remedy };
}
