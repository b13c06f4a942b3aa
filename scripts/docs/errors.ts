import type { Contract } from '../../src/platform/contract.ts';
import { type AppError, common, invalid, type Kind, STATUS } from '../../src/platform/errors.ts';
import { expected, problemOf } from '../../src/platform/http/problem.ts';
import { code, GENERATED, table } from './markdown.ts';

interface Row {
  readonly code: string;
  readonly status: number;
  readonly sentence: string;
}

/** Every error that may leave a process, by service. */
export function errorsPage(contracts: readonly Contract[]): string {
  const declared = contracts
    .map(({ name, errors }) => section(`${name}`, Object.values(errors).map(rowOf)))
    .filter((text) => text !== '');
  return [
    GENERATED,
    '# Errors',
    '',
    'Every error is a problem document (RFC 9457). `code` names it; the status follows from its kind. A word in braces is filled in, and stands in the document as a field of its own.',
    '',
    section('every service', [...Object.values(common).map(rowOf), ...ofTheHttpLayer()]),
    ...declared,
  ].join('\n');
}

function section(title: string, rows: readonly Row[]): string {
  if (rows.length === 0) return '';
  const cells = rows.map((row) => [`<a id="${row.code}"></a>${code(row.code)}`, String(row.status), row.sentence]);
  return `## ${title}\n\n${table(['code', 'status', 'sentence'], cells)}\n`;
}

function rowOf(entry: { readonly code: string; readonly kind: string }): Row {
  return { code: entry.code, status: STATUS[entry.kind as Kind], sentence: sentenceOf(entry) };
}

// A sentence that needs facts is given the names of the facts.
function sentenceOf(raise: unknown): string {
  const names = new Proxy({}, { get: (_facts, name) => `{${String(name)}}` });
  try {
    return (raise as (facts: object) => AppError)(names).message;
  } catch {
    return 'depends on the case';
  }
}

function ofTheHttpLayer(): Row[] {
  const given = invalid('names what is wrong, with a pointer to each place in `errors`');
  const rest = ['FST_ERR_CTP_BODY_TOO_LARGE', 'FST_ERR_CTP_INVALID_MEDIA_TYPE'].map((name) => expected({ code: name }));
  const internal = problemOf(undefined, '', '');
  return [
    ...[given, ...rest].flatMap((one) => (one ? [{ code: one.code, status: one.status, sentence: one.message }] : [])),
    { code: internal.code, status: internal.status, sentence: internal.detail },
  ];
}
