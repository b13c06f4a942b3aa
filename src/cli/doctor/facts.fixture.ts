import type { DirectoryFacts, Facts, ProgramFacts } from './facts.ts';

const GB = 1024 ** 3;

export const PROGRAM: ProgramFacts = {
  node: '24.21.0',
  platform: 'linux-x64',
  wantsEmbedded: true,
  binaries: 'run',
  brokenLinks: 0,
  zones: 418,
  zonesWork: true,
};

export const DIRECTORY: DirectoryFacts = {
  path: '/srv/data',
  kind: 'folder',
  writable: true,
  owner: 1_000,
  me: 1_000,
  mode: 0o755,
  unfit: undefined,
  freeBytes: 50 * GB,
  freeFiles: 1_000_000,
  holder: undefined,
  holderLives: false,
  orphan: undefined,
};

export const DATABASE = {
  version: '18.4',
  encoding: 'UTF8',
  readOnly: false,
  connections: 10,
  mostConnections: 97,
  clock: 0,
  applied: [],
  events: [{ service: 'order', letters: 0, oldest: null }],
  pending: [],
  newer: [],
  changed: undefined,
  moved: [],
  skewMs: 12,
};

/** The facts of a system without faults. */
export const WELL: Facts = {
  program: PROGRAM,
  install: { found: { missing: [], other: [] } },
  machine: { memory: 8 * GB, freeMemory: 4 * GB, openFiles: 65_536 },
  settings: { faults: [], warnings: [], unknown: [] },
  secrets: { found: { secrets: [], severalProcesses: false, mismatched: [], production: false } },
  exposure: {
    found: { host: '127.0.0.1', production: false, privateWebhooks: false, manualPayments: true, plainText: [] },
  },
  directory: { found: DIRECTORY },
  ports: { found: [{ port: 8080, services: ['gateway'], state: 'free', holder: undefined, version: undefined }] },
  database: { found: DATABASE },
  broker: { found: { what: 'Redis 7.2.4', refuses: undefined, losses: [] } },
  clickhouse: { found: { what: 'http://localhost:8123' } },
  certificates: { found: [{ url: 'https://user.example', distrust: undefined, daysLeft: 60 }] },
  health: { found: { problems: [], skewMs: 300 } },
};
