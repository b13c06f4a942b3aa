import type { Config } from '../platform/config/config.ts';
import type { StoreLocation } from '../platform/db/engine.ts';

/** The facts that the banner shows. */
export interface BannerFacts {
  readonly config: Config;
  /** Where the services of this process are kept. */
  readonly places: readonly StoreLocation[];
  /** Service name to its address. */
  readonly urls: Readonly<Record<string, string>>;
  /** The username of the first account; undefined when there is none yet. */
  readonly founder: string | undefined;
}

/** The text after a start: every address, the first or next steps, where the data is, how to stop. */
export function banner({ config, places, urls, founder }: BannerFacts): string {
  const gateway = config.services.has('gateway') ? urls.gateway : undefined;
  const lines = gateway ? wholeSystem(gateway, founder) : separateServices(urls);
  return frame([...lines, '', ...data(config, places), 'Stop     Ctrl-C']);
}

/** One line a place; what is embedded is in the data directory. */
function data({ dataDir }: Config, places: readonly StoreLocation[]): string[] {
  const named = new Set(places.map(({ place, embedded }) => (embedded ? dataDir : place)));
  return [...named].map((place, n) => `${n === 0 ? 'Data' : '    '}     ${place}`);
}

function wholeSystem(url: string, founder: string | undefined): string[] {
  return [
    'Tradepost is running.',
    '',
    `API        ${url}`,
    `Reference  ${url}/docs`,
    `OpenAPI    ${url}/openapi.json`,
    `Health     ${url}/health`,
    `Metrics    ${url}/metrics`,
    '',
    ...(founder === undefined ? firstSteps(url) : nextSteps(url, founder)),
  ];
}

const shorthand = (url: string): string[] => [`API=${url}`, "JSON='Content-Type: application/json'"];

const loginLines = (name: string): string[] => [
  'TOKEN=$(curl -s $API/login -H "$JSON" \\',
  `  -d '{"username":"${name}","password":"password123"}' |`,
  `  sed 's/.*"token":"\\([^"]*\\)".*/\\1/')`,
  'ME="Authorization: Bearer $TOKEN"',
];

/** From the first account to a webhook: the lines can be copied unchanged, in this order. */
function firstSteps(url: string): string[] {
  return [
    'First steps (the first account becomes admin):',
    '',
    ...shorthand(url),
    `curl $API/register -H "$JSON" \\`,
    `  -d '{"username":"alice","password":"password123"}'`,
    'curl $API/products',
    ...loginLines('alice'),
    'curl $API/orders -H "$ME" -H "$JSON" \\',
    `  -d '{"items":[{"product_id":2,"quantity":1}]}'`,
    `curl $API/invoices -H "$ME" -H "$JSON" -d '{"order_id":1}'`,
    'curl -o invoice.pdf $API/invoices/1/pdf -H "$ME"',
    '',
    'Pay, ship, and look at the result:',
    '',
    'curl $API/transactions -H "$ME" -H "$JSON" \\',
    `  -d '{"invoice_id":1,"amount":20,"description":"the first part"}'`,
    `curl $API/transactions/pay -H "$ME" -H "$JSON" -d '{}'`,
    'curl -X PUT $API/shipments/1 -H "$ME" -H "$JSON" \\',
    `  -d '{"status":"shipped","skip":["packed"],"unpaid":true,"carrier":"DHL"}'`,
    'curl $API/orders/1/timeline -H "$ME"',
    'curl $API/orders/1/explain -H "$ME"',
    'curl $API/stats -H "$ME"',
    'curl $API/webhooks/endpoints -H "$ME" -H "$JSON" \\',
    `  -d '{"url":"https://shop.example/hooks"}'`,
  ];
}

/** A name that needs no escaping in a shell and in JSON. */
const PLAIN_NAME = /^[\w.@-]{1,40}$/;

/** For a system with accounts: no registration, and ids are read from the responses. */
function nextSteps(url: string, founder: string): string[] {
  const name = PLAIN_NAME.test(founder) ? founder : 'alice';
  return [
    'Log in (with the password that you chose), and go on with the next order:',
    '',
    ...shorthand(url),
    ...loginLines(name),
    'ORDER=$(curl -s $API/orders -H "$ME" -H "$JSON" \\',
    `  -d '{"items":[{"product_id":2,"quantity":1}]}' |`,
    `  sed 's/.*"order_id":\\([0-9]*\\).*/\\1/')`,
    'curl $API/orders/$ORDER/explain -H "$ME"',
    'curl $API/orders -H "$ME"',
    'curl $API/stats -H "$ME"',
  ];
}

function separateServices(urls: Readonly<Record<string, string>>): string[] {
  const width = Math.max(...Object.keys(urls).map((name) => name.length));
  return [
    'Tradepost is running these services:',
    '',
    ...Object.entries(urls).map(([name, url]) => `${name.padEnd(width)}  ${url}`),
  ];
}

/** Fits a terminal of 80 columns. */
const MAX_RULE_WIDTH = 78;

// Rules above and below, and nothing at the sides, so that the lines can be copied unchanged.
function frame(lines: readonly string[]): string {
  const rule = '─'.repeat(Math.min(MAX_RULE_WIDTH, Math.max(...lines.map((line) => line.length)) + 2));
  return `\n${rule}\n${lines.map((line) => ` ${line}`.trimEnd()).join('\n')}\n${rule}\n`;
}
