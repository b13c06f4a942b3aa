import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { openapi } from '../src/platform/http/openapi.ts';
import { environmentExample } from '../src/platform/settings.ts';
import { VERSION } from '../src/platform/version.ts';
import { asyncapiPage } from './docs/asyncapi.ts';
import { errorsPage } from './docs/errors.ts';
import { eventsPage } from './docs/events.ts';
import { mapPage } from './docs/map.ts';
import { schemaDumps } from './docs/schema.ts';
import { settingsPage } from './docs/settings.ts';
import { wiredServices } from './map.ts';

// npm run docs: writes what the contracts, the settings and the migrations say about themselves.
// npm run docs -- --check: writes nothing, names what is stale, and then ends with 1.

const wired = wiredServices();
const contracts = wired.map(({ module }) => module.contract);
const keepers = wired.filter(({ module }) => module.stores).map(({ module }) => module.contract.name);

const pages: Record<string, string> = {
  '.env.example': environmentExample(),
  'docs/generated/openapi.json': `${JSON.stringify(openapi(contracts, 'Tradepost', VERSION), null, 2)}\n`,
  'docs/generated/errors.md': errorsPage(contracts),
  'docs/generated/asyncapi.json': asyncapiPage(wired),
  'docs/generated/events.md': eventsPage(wired),
  'docs/generated/map.md': mapPage(wired),
  'docs/generated/settings.md': settingsPage(),
  ...(await schemaDumps(keepers)),
};

const stale = Object.entries(pages).filter(([file, text]) => !existsSync(file) || readFileSync(file, 'utf8') !== text);
if (process.argv.includes('--check')) {
  for (const [file] of stale) console.error(`${file} is stale; run \`npm run docs\`.`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  for (const [file, text] of stale) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  console.error(stale.length === 0 ? 'Nothing was stale.' : `Wrote ${stale.map(([file]) => file).join(', ')}.`);
}
