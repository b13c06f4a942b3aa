import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parquetReadObjects } from 'hyparquet';
import { readConfig } from '../../platform/config/config.ts';
import type { TestClient } from '../../testing/client.ts';
import { WORLD_SETTINGS, type World, world } from '../../testing/world.ts';
import { CliError } from '../cli-error.ts';
import { createOutput } from '../output/output.ts';
import { type ExportOptions, exportFigures } from './analytics.export.ts';

const COMMAND = fileURLToPath(new URL('../../../bin/tradepost.js', import.meta.url));
const CSV = 'day,category,quantity,revenue,currency\r\n';
const THEN = ['--from', '1999-01-01', '--to', '1999-02-01'];
const folder = mkdtempSync(join(tmpdir(), 'tradepost-export-'));
const inFolder = (name: string): string => join(folder, name);

let shop: World;
let admin: TestClient;

before(async () => {
  shop = await world();
  admin = await shop.as('admin');
});

after(async () => {
  await shop.close();
  rmSync(folder, { recursive: true });
});

/** Runs the command with its output redirected. */
function taken(words: readonly string[], { token = admin.token, url = shop.url } = {}) {
  const env = { PATH: process.env.PATH, TRADEPOST_TOKEN: token };
  const options = { cwd: folder, env, encoding: 'buffer' as const };
  return new Promise<{ code: number | null; out: Buffer; complaint: string }>((resolve) => {
    const line = [COMMAND, 'analytics', 'export', '--url', url, ...words];
    const child = execFile(process.execPath, line, options, (_error, out, complaint) =>
      resolve({ code: child.exitCode, out, complaint: complaint.toString() }),
    );
  });
}

/** The output on a terminal. */
async function onTerminal(options: Partial<ExportOptions>): Promise<string> {
  const parts: Buffer[] = [];
  const write = (part: Buffer, _encoding: string, done: () => void) => {
    parts.push(part);
    done();
  };
  const terminal = Object.assign(new Writable({ write }), { isTTY: true });
  const asked = { what: 'revenue' as const, format: 'csv' as const, from: '1999-01-01', to: '1999-02-01' };
  const config = readConfig(WORLD_SETTINGS, []);
  const output = createOutput([], { stdout: terminal, stderr: terminal });
  await exportFigures(config, { ...asked, url: shop.url, token: admin.token, ...options }, { output, file: terminal });
  return Buffer.concat(parts).toString();
}

test('figures go to the output byte for byte, as CSV when nothing else is said', async () => {
  const csv = await taken(['--what', 'revenue', ...THEN]);
  assert.deepEqual([csv.code, csv.out.toString(), csv.complaint], [0, CSV, '']);
  const { code, out } = await taken(['--what', 'revenue', '--format', 'parquet', ...THEN]);
  assert.equal(code, 0);
  assert.deepEqual(await parquetReadObjects({ file: new Uint8Array(out).buffer }), []);
});

test('a span, a currency and an interval are what the figures are of', async () => {
  const times = ['--from', '2026-01-01T00:00:00+01:00', '--to', '2026-03-01'];
  const { out } = await taken(['--what', 'timeseries', ...times, '--currency', 'EUR', '--interval', 'month']);
  const revenue = out
    .toString()
    .split('\r\n')
    .filter((line) => line.startsWith('revenue'));
  assert.deepEqual(revenue, [
    'revenue,EUR,2025-12-01T00:00:00.000Z,0,0.00',
    'revenue,EUR,2026-01-01T00:00:00.000Z,0,0.00',
    'revenue,EUR,2026-02-01T00:00:00.000Z,0,0.00',
  ]);
});

test('with --out figures go to a file, in the place of what was there', async () => {
  const first = await taken(['--what', 'top-products', '--out', 'figures.csv']);
  assert.equal(first.code, 0, first.complaint);
  assert.match(first.out.toString(), /^figures\.csv: top-products-\d{4}-\d\d-\d\d-\d{4}-\d\d-\d\d\.csv, \d+ bytes\n$/);
  const second = await taken(['--what', 'revenue', ...THEN, '--out', 'figures.csv', '--json']);
  assert.deepEqual(JSON.parse(second.out.toString()), {
    file: 'figures.csv',
    filename: 'revenue-1999-01-01-1999-01-31.csv',
    type: 'text/csv; charset=utf-8',
    bytes: CSV.length,
  });
  assert.equal(readFileSync(inFolder('figures.csv'), 'utf8'), CSV);
});

test('a terminal shows CSV, and Parquet is refused there', async () => {
  assert.equal(await onTerminal({}), CSV.replace('\r', ''));
  await assert.rejects(onTerminal({ format: 'parquet' }), (error: CliError) => {
    assert.ok(error instanceof CliError);
    assert.match(error.message, /^Parquet cannot be shown on a terminal: name a file with --out/);
    return true;
  });
  const out = inFolder('figures.parquet');
  assert.match(await onTerminal({ format: 'parquet', out }), /parquet: revenue-1999-01-01-1999-01-31\.parquet, \d+/);
  assert.deepEqual(await parquetReadObjects({ file: new Uint8Array(readFileSync(out)).buffer }), []);
});

test('control characters of a name are removed on a terminal, and kept in redirected output', async () => {
  const name = '7,\x1b[2Jgone,"two\nlines"\r\n';
  const evil = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/csv', 'content-disposition': 'inline; filename="a.csv"' });
    response.end(name);
  }).listen(0);
  const url = `http://localhost:${(evil.address() as AddressInfo).port}`;
  try {
    assert.equal(await onTerminal({ url }), '7, [2Jgone,"two lines"\n');
    assert.equal((await taken(['--what', 'revenue'], { url })).out.toString(), name);
  } finally {
    evil.close();
  }
});

test('a reader that closes the pipe is not a fault', async () => {
  const line = [COMMAND, 'analytics', 'export', '--url', shop.url, '--what', 'timeseries'];
  const env = { PATH: process.env.PATH, TRADEPOST_TOKEN: admin.token };
  // More than the buffer of a pipe holds.
  const child = spawn(process.execPath, [...line, '--from', '2024-01-01', '--to', '2026-01-01'], { env });
  let complaint = '';
  child.stderr.on('data', (text: Buffer) => {
    complaint += text;
  });
  const closed = once(child, 'close');
  child.stdout.once('data', () => child.stdout.destroy());
  assert.deepEqual([await closed, complaint], [[0, null], '']);
});

test('the command says what is wrong in one sentence, and writes nothing', async () => {
  const mallory = await shop.as('mallory');
  const strange = createServer((_request, response) => response.end('{}')).listen(0);
  const url = `http://localhost:${(strange.address() as AddressInfo).port}`;
  const out = ['--what', 'revenue', '--out', 'never.csv'];
  const said = await Promise.all([
    taken(out, { token: '' }),
    taken(out, { token: mallory.token }),
    taken(out, { token: 'forged' }),
    taken([...out, '--from', 'yesterday']),
    taken([...out, '--from', '2026-02-01', '--to', '2026-01-01']),
    taken([...out, '--from', '2000-01-01', '--to', '2026-01-01']),
    taken([...out, '--currency', 'money']),
    taken([...out, '--format', 'xml']),
    taken(['--what', 'everything', '--out', 'never.csv']),
    taken(out, { url }),
    taken(['--what', 'revenue', '--json']),
    taken(['--what', 'revenue', '--out', join('none', 'figures.csv')]),
    taken(['--what', 'revenue', '--out', folder]),
  ]);
  strange.close();
  const sentences = [
    /^Say who you are: .*TRADEPOST_TOKEN.*\n$/,
    /^your role does not allow this\n$/,
    /^a valid access token is needed .*\n$/,
    /^from must be a day such as 2026-11-21, or a time of RFC 3339\n$/,
    /^from must be before to\n$/,
    /^that is more than 1000 points; .*\n$/,
    /^currency .*\n$/,
    /^option '--format <format>' argument 'xml' is invalid\. Allowed choices are csv, parquet\. See tradepost analytics export --help\.\n$/,
    /^option '--what <figures>' argument 'everything' is invalid\. Allowed choices are timeseries, top-products/,
    /^What answers at http:\/\/localhost:\d+ is not Tradepost \(status 200\); see --url\.\n$/,
    /^\{"error":"--json describes the written file; name one with --out\.","code":"REFUSED"\}\n$/,
    /^'none\/figures\.csv' cannot be written \(there is no such folder\); see --out\.\n$/,
    /^'.*tradepost-export-.*' cannot be written \(it is a folder\); see --out\.\n$/,
  ];
  for (const [n, { code, out, complaint }] of said.entries()) {
    assert.match(complaint, sentences[n] ?? assert.fail());
    assert.deepEqual([code, out.toString()], [1, '']);
  }
  assert.equal(said.length, sentences.length);
  assert.equal(existsSync(inFolder('never.csv')), false);
});
