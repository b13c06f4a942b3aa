/** A static page for people, beside the interactive reference. */
export interface HtmlPage {
  /** Its address. */
  readonly path: string;
  readonly title: string;
  /** HTML. */
  readonly introduction: string;
  readonly sections: readonly PageSection[];
}

export interface PageSection {
  readonly title: string;
  readonly id?: string;
  /** HTML. */
  readonly body: string;
}

/** The pages below /docs, and the documents for programs. */
const PLACES: readonly [path: string, name: string][] = [
  ['/docs/', 'API reference'],
  ['/docs/events', 'Events'],
  ['/docs/errors', 'Errors'],
  ['/openapi.json', 'OpenAPI'],
  ['/asyncapi.json', 'AsyncAPI'],
];

/** A page as HTML. */
export function pageHtml({ path, title, introduction, sections }: HtmlPage): string {
  const places = PLACES.map(([to, name]) =>
    to === path ? `<span aria-current="page">${name}</span>` : `<a href="${to}">${name}</a>`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Tradepost: ${escaped(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">${ICON}<style>${STYLE}</style></head><body><main>
<nav>${places.join('')}</nav>
<h1>${escaped(title)}</h1><p>${introduction}</p>
${contentsOf(sections)}
${sections.map(sectionHtml).join('\n')}</main></body></html>`;
}

function contentsOf(sections: readonly PageSection[]): string {
  const links = sections.map((one) => `<a href="#${idOf(one)}">${escaped(one.title)}</a>`);
  return `<p class="contents">${links.join('')}</p>`;
}

function sectionHtml(section: PageSection): string {
  return `<section id="${idOf(section)}"><h2>${escaped(section.title)}</h2>${section.body}</section>`;
}

const idOf = ({ id, title }: PageSection): string => id ?? title.replaceAll(' ', '-');

/** Text as HTML; what stands between backticks as code. */
export const escaped = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll(/`([^`]+)`/g, '<code>$1</code>');

/** In the page itself, so that a browser asks for no /favicon.ico. */
export const ICON = `<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#0a58ca"/><path d="M3 4h10v2H9v7H7V6H3z" fill="#fff"/></svg>',
)}">`;

const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#e3e3e6, #34343a); --soft: light-dark(#5d5d66, #a5a5ae);
  --mark: light-dark(#fff6d6, #40370f); --link: light-dark(#0a58ca, #7db2ff) }
body { margin: 0; font: 16px/1.55 system-ui, sans-serif; background: light-dark(#fff, #17171a); color: light-dark(#1b1b1f, #ececf0);
  overflow-wrap: anywhere }
main { max-width: 46rem; margin: 0 auto; padding: 1.5rem 1.25rem 5rem }
nav, .contents { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; font-size: .9rem }
nav { margin-bottom: 2.5rem }
nav span { font-weight: 600 }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .75rem }
h2 { font-size: 1.1rem; margin: 2.5rem 0 .5rem }
section { scroll-margin-top: 1rem }
section:target > h2 { background: var(--mark) }
p, dd { color: var(--soft) }
p { margin: .5rem 0 }
a { color: var(--link) }
code { font: .9em ui-monospace, monospace }
dl { margin: 0; border-top: 1px solid var(--line) }
dl div { padding: .7rem .5rem; border-bottom: 1px solid var(--line); scroll-margin-top: 1rem }
dl div:target { background: var(--mark) }
dt { display: flex; justify-content: space-between; gap: 1rem; font: 600 .9rem/1.5 ui-monospace, monospace }
dt a { color: inherit; text-decoration: none }
dt a:hover { text-decoration: underline }
dt span { color: var(--soft); font-weight: 400; text-align: right }
dd { margin: .1rem 0 0 }
dd.remedy { color: inherit }`;
