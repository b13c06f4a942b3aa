import type { Contract } from '../../contract/contract.ts';
import { type AppError, common, type Kind, REMEDY, STATUS } from '../../contract/errors.ts';
import { problemOf } from '../problem.ts';

/** One error that may leave a process; `{name}` in a sentence is a fact that the document carries too. */
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

// A sentence that needs facts is given the names of the facts.
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

/** The catalogue as the page at `/docs/errors`. */
export function errorPage(contracts: readonly Contract[]): string {
  const sections = errorCatalogue(contracts).map(
    ({ title, rows }) => `<section><h2>${escaped(title)}</h2><dl>${rows.map(entry).join('')}</dl></section>`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Tradepost: errors</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>${STYLE}</style></head><body><main>
<h1>Errors</h1><p>Every error is a problem document (RFC 9457): its <code>code</code> is one of these. A word in braces
is filled in, and stands in the document as a field of its own. <code>remedy</code> says what to do about it. <a href="/docs/">All operations</a></p>
${sections.join('\n')}</main></body></html>`;
}

function entry({ code, status, sentence, remedy }: CatalogueRow): string {
  return `<div id="${code}"><dt><a href="#${code}">${code}</a><span>${status}</span></dt><dd>${escaped(sentence)}</dd><dd class="remedy">${escaped(remedy)}</dd></div>`;
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#e3e3e6, #34343a); --soft: light-dark(#5d5d66, #a5a5ae);
  --mark: light-dark(#fff6d6, #40370f); --link: light-dark(#0a58ca, #7db2ff) }
body { margin: 0; font: 16px/1.55 system-ui, sans-serif; background: light-dark(#fff, #17171a); color: light-dark(#1b1b1f, #ececf0) }
main { max-width: 46rem; margin: 0 auto; padding: 3rem 1.25rem 5rem }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .75rem }
h2 { font-size: 1.1rem; margin: 2.5rem 0 .5rem }
p, dd { color: var(--soft) }
a { color: var(--link) }
dl { margin: 0; border-top: 1px solid var(--line) }
dl div { padding: .7rem .5rem; border-bottom: 1px solid var(--line); scroll-margin-top: 1rem }
dl div:target { background: var(--mark) }
dt { display: flex; justify-content: space-between; gap: 1rem; font: 600 .9rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere }
dt a { color: inherit; text-decoration: none }
dt a:hover { text-decoration: underline }
dt span { color: var(--soft); font-weight: 400 }
dd { margin: .1rem 0 0 }
dd.remedy { color: inherit }`;
