import type { Contract } from '../../src/platform/contract/contract.ts';
import { type CatalogueSection, errorCatalogue } from '../../src/platform/http/openapi/error-catalogue.ts';
import { code, GENERATED, table } from './markdown.ts';

/** Every error that may leave a process, by service. */
export function errorsPage(contracts: readonly Contract[]): string {
  return [
    GENERATED,
    '# Errors',
    '',
    'Every error is a problem document (RFC 9457). `code` names it; the status follows from its kind. A word in braces is filled in, and stands in the document as a field of its own. `remedy` says what to do about it.',
    '',
    ...errorCatalogue(contracts).map(section),
  ].join('\n');
}

function section({ title, rows }: CatalogueSection): string {
  const cells = rows.map((row) => [
    `<a id="${row.code}"></a>${code(row.code)}`,
    String(row.status),
    row.sentence,
    row.remedy,
  ]);
  return `## ${title}\n\n${table(['code', 'status', 'sentence', 'remedy'], cells)}\n`;
}
