import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { wiredServices } from './map.ts';
import { faultOf, nextPort } from './new-service/checks.ts';
import { serviceFiles } from './new-service/files.ts';
import { importLine, wireLine, withService } from './new-service/wire.ts';

// npm run new:service <name>: a room of its own, complete and tested, and the line that puts it on the map.

const HELP = `npm run new:service <name> [--wire]

Creates src/services/<name>/ from scripts/templates/service: contract, model, repository with its stores in
PostgreSQL and ClickHouse, service, module, migrations, README and tests. Then one line of src/container.ts puts it
on the map. docs/SERVICE_GUIDE.md says what belongs into each file.

  <name>    one word of lower-case letters and digits, in the singular: refund
  --wire    also writes that line
  --help    this text

npm run -- passes options on: npm run new:service refund -- --wire
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { wire: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
});
const [name] = positionals;

if (values.help) process.stdout.write(HELP);
else if (name === undefined || positionals.length > 1) refuse(HELP);
else create(name);

function create(service: string): void {
  const folder = `src/services/${service}`;
  const fault = existsSync(folder) ? `${folder} exists already.` : faultOf(service, wiredServices());
  if (fault) {
    refuse(fault);
    return;
  }
  const port = nextPort();
  for (const [path, text] of serviceFiles(service, port)) {
    mkdirSync(`${folder}/${path}`.replace(/\/[^/]+$/, ''), { recursive: true });
    writeFileSync(`${folder}/${path}`, text);
  }
  const wired = values.wire === true;
  if (wired) writeFileSync('src/container.ts', withService(readFileSync('src/container.ts', 'utf8'), service));
  // A longer or shorter name breaks lines elsewhere.
  const formatted = spawnSync('node_modules/.bin/biome', ['check', '--write', folder, 'src/container.ts']);
  if (formatted.status !== 0) console.error(`Could not format: ${formatted.stderr ?? formatted.error}`);
  process.stdout.write(told(service, port, wired));
}

function told(service: string, port: number, wired: boolean): string {
  const lines = `  ${importLine(service)}\n  ${wireLine(service)}\n`;
  return [
    `src/services/${service} is there; alone it listens on port ${port}.`,
    wired
      ? 'src/container.ts has its line:'
      : 'Put it on the map in src/container.ts, and into what is returned there:',
    '',
    lines,
    `Then: npm run docs, and npm test -- services/${service}`,
    '',
  ].join('\n');
}

function refuse(reason: string): void {
  console.error(reason);
  process.exitCode = 1;
}
