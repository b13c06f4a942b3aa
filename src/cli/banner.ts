import type { Config } from '../platform/config/config.ts';
import { databaseLocation } from '../platform/db/postgres/address.ts';

/** What a person sees after the start: every address, the first steps, where the data is, how to stop. */
export function box(config: Config, urls: Readonly<Record<string, string>>): string {
  const gateway = config.services.has('gateway') ? urls.gateway : undefined;
  const lines = gateway ? wholeSystem(gateway) : parts(urls);
  const data = config.databaseUrl ? `PostgreSQL at ${databaseLocation(config.databaseUrl)}` : config.dataDir;
  return frame([...lines, '', `Data     ${data}`, 'Stop     Ctrl-C']);
}

function wholeSystem(url: string): string[] {
  return [
    'Tradepost is running.',
    '',
    `API        ${url}`,
    `Reference  ${url}/docs`,
    `OpenAPI    ${url}/openapi.json`,
    `Health     ${url}/health`,
    `Metrics    ${url}/metrics`,
    '',
    'First steps (the first account becomes admin):',
    '',
    `curl -X POST ${url}/register -H 'Content-Type: application/json' \\`,
    `  -d '{"username":"alice","password":"password123"}'`,
    `curl ${url}/products`,
    `TOKEN=$(curl -s -X POST ${url}/login -H 'Content-Type: application/json' \\`,
    `  -d '{"username":"alice","password":"password123"}' | sed 's/.*"token":"\\([^"]*\\)".*/\\1/')`,
    `curl -X POST ${url}/orders -H "Authorization: Bearer $TOKEN" \\`,
    `  -H 'Content-Type: application/json' -d '{"items":[{"product_id":2,"quantity":1}]}'`,
    `curl -X POST ${url}/invoices -H "Authorization: Bearer $TOKEN" \\`,
    `  -H 'Content-Type: application/json' -d '{"order_id":1}'`,
    `curl ${url}/orders/1/timeline -H "Authorization: Bearer $TOKEN"`,
    `curl -o invoice.pdf ${url}/invoices/1/pdf -H "Authorization: Bearer $TOKEN"`,
  ];
}

function parts(urls: Readonly<Record<string, string>>): string[] {
  const width = Math.max(...Object.keys(urls).map((name) => name.length));
  return [
    'Tradepost is running these services:',
    '',
    ...Object.entries(urls).map(([name, url]) => `${name.padEnd(width)}  ${url}`),
  ];
}

// Rules above and below, and nothing at the sides: the lines can be copied as they stand.
function frame(lines: readonly string[]): string {
  const rule = '─'.repeat(Math.max(...lines.map((line) => line.length)) + 2);
  return `\n${rule}\n${lines.map((line) => ` ${line}`.trimEnd()).join('\n')}\n${rule}\n`;
}
