import type { Contract } from '../../contract/contract.ts';
import { type CatalogueRow, errorCatalogue } from '../openapi/error-catalogue.ts';
import { escaped, pageHtml } from './page.ts';

/** The page at `/docs/errors`, which the `type` of every problem document leads to. */
export function errorPage(contracts: readonly Contract[]): string {
  return pageHtml({
    path: '/docs/errors',
    title: 'Errors',
    introduction:
      'Every error is a problem document (RFC 9457): its <code>code</code> is one of these. A word in braces is filled in, and stands in the document as a field of its own. <code>remedy</code> says what to do about it.',
    sections: errorCatalogue(contracts).map(({ title, rows }) => ({
      title,
      body: `<dl>${rows.map(entry).join('')}</dl>`,
    })),
  });
}

function entry({ code, status, sentence, remedy }: CatalogueRow): string {
  return `<div id="${code}"><dt><a href="#${code}">${code}</a><span>${status}</span></dt><dd>${escaped(sentence)}</dd><dd class="remedy">${escaped(remedy)}</dd></div>`;
}
