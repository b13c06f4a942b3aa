import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { VERSION } from '../src/platform/app/version.ts';
import { environmentExample } from '../src/platform/config/settings.ts';
import { CHDB } from '../src/platform/db/clickhouse/chdb.ts';
import { openapi } from '../src/platform/http/openapi/openapi.ts';
import { hasChdb } from '../src/testing/clickhouse.ts';
import { asyncapiPage } from './docs/asyncapi.ts';
import { commandsPage } from './docs/commands.ts';
import { errorsPage } from './docs/errors.ts';
import { eventsPage } from './docs/events.ts';
import { mapPage } from './docs/map.ts';
import { migrationPage, type Schemas } from './docs/migration.ts';
import { clickhouseDumps, postgresDumps, schemaFile } from './docs/schema.ts';
import { settingsPage } from './docs/settings.ts';
import { wiredServices } from './map.ts';

// npm run docs: writes what the contracts, the settings and the migrations say about themselves.
// npm run docs -- --check: writes nothing, names what is stale, and then ends with 1.
// The schemas in ClickHouse and the page of both stores need chDB. Without it they stay as they are, which is said; in CI
// (CI=true) that is a failure.

const wired = wiredServices();
const contracts = wired.map(({ module }) => module.contract);
const known = wired.map(({ module }) => ({ name: module.contract.name, settings: module.settings }));
const keepers = wired.filter(({ module }) => module.stores).map(({ module }) => module.contract.name);
const onEither = wired.filter(({ module }) => module.stores?.clickhouse).map(({ module }) => module.contract.name);

const checking = process.argv.includes('--check');
const canDump = hasChdb();
const postgres = await postgresDumps(keepers);
const clickhouse = canDump ? await clickhouseDumps(onEither) : {};

const pages: Record<string, string> = {
  '.env.example': environmentExample(known),
  'docs/commands.md': commandsPage(),
  'docs/generated/openapi.json': `${JSON.stringify(openapi(contracts, 'Tradepost', VERSION), null, 2)}\n`,
  'docs/generated/errors.md': errorsPage(contracts),
  'docs/generated/asyncapi.json': asyncapiPage(wired),
  'docs/generated/events.md': eventsPage(wired),
  'docs/generated/map.md': mapPage(wired),
  'docs/generated/settings.md': settingsPage(known),
  ...(canDump && { 'docs/MIGRATION.md': migrationPage(keepers.map(schemasOf)) }),
  ...postgres,
  ...clickhouse,
};

function schemasOf(service: string): Schemas {
  const there = clickhouse[schemaFile(service, 'clickhouse')];
  return { service, postgres: postgres[schemaFile(service, 'postgres')] ?? '', clickhouse: there };
}

const stale = Object.entries(pages).filter(([file, text]) => !existsSync(file) || readFileSync(file, 'utf8') !== text);
if (checking) {
  for (const [file] of stale) console.error(`${file} is stale; run \`npm run docs\`.`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  for (const [file, text] of stale) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  console.error(stale.length === 0 ? 'Nothing was stale.' : `Wrote ${stale.map(([file]) => file).join(', ')}.`);
}
if (!canDump) {
  const what = checking ? 'not checked' : 'not made';
  console.error(
    `${what}: docs/MIGRATION.md and the schemas in ClickHouse: chDB is not installed; \`npm install --no-save ${CHDB}\``,
  );
  if (process.env.CI) process.exitCode = 1;
}
