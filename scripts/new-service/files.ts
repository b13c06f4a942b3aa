import { globSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const TEMPLATE = fileURLToPath(new URL('../templates/service', import.meta.url));
const TEMPLATE_PORT = '3999';

/** The files of a new service: path in its folder, and text. The template is a service called widget. */
export function serviceFiles(name: string, port: number): [string, string][] {
  return globSync('**/*', { cwd: TEMPLATE })
    .filter((path) => statSync(`${TEMPLATE}/${path}`).isFile())
    .map((path) => [
      renamed(path.replaceAll('\\', '/').replace('.template.ts', '.ts'), name),
      renamed(readFileSync(`${TEMPLATE}/${path}`, 'utf8'), name)
        .replaceAll('../../../src/', '../../')
        .replaceAll(TEMPLATE_PORT, String(port)),
    ]);
}

/** `refund` to `refunds`, `box` to `boxes`, `delivery` to `deliveries`. */
export function pluralOf(name: string): string {
  if (/[^aeiou]y$/.test(name)) return `${name.slice(0, -1)}ies`;
  return /(s|x|z|ch|sh)$/.test(name) ? `${name}es` : `${name}s`;
}

function renamed(text: string, name: string): string {
  const plural = pluralOf(name);
  const vowel = /^[aeio]/.test(name);
  return text
    .replace(/\b([Aa]) (?=widget\b)/g, vowel ? '$1n ' : '$1 ')
    .replaceAll('widgets', plural)
    .replaceAll('Widgets', capital(plural))
    .replaceAll('widget', name)
    .replaceAll('Widget', capital(name))
    .replaceAll('WIDGET', name.toUpperCase());
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
