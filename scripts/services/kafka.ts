import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../src/testing/ports.ts';
import { onPath, outcome } from './install.ts';
import type { Command, Kind, Place } from './kind.ts';
import { converse } from './probe.ts';

const OWN = fileURLToPath(new URL('kafka/', import.meta.url));
const POM = join(OWN, 'pom.xml');
// It asks to be quick to start and small, not fast for hours.
const JVM = ['-Xms64m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];

/** Apache Kafka as one node that is broker and controller, without ZooKeeper. */
export const kafka: Kind = {
  name: 'kafka',
  title: 'Apache Kafka',
  port: 19092,
  // No package, so no account: it runs as whoever called.
  account: '',
  marker: 'kafka.Kafka',
  stopSignal: 'SIGTERM',
  url: (port) => `127.0.0.1:${port}`,
  missing() {
    const java = onPath('java') ? [] : ['default-jre-headless'];
    return existsSync(jars()) || onPath('mvn') ? java : [...java, 'maven'];
  },
  async fetch(progress) {
    if (!existsSync(jars())) await download(progress);
  },
  async prepare(place, run) {
    writeFileSync(join(place.dir, 'server.properties'), settings(place, await freePort()));
    if (existsSync(join(place.dir, 'data/meta.properties'))) return;
    const cluster = randomBytes(16).toString('base64url');
    const properties = join(place.dir, 'server.properties');
    await run(java('kafka.tools.StorageTool', 'format', '-t', cluster, '-c', properties));
  },
  command: ({ dir }) => java('kafka.Kafka', join(dir, 'server.properties')),
  async ready({ port }) {
    const said = await converse(port, (say) => say(METADATA, isWhole));
    // A broker that is not let in yet by its controller is not in the list.
    if (said.readInt32BE(8) < 1) throw new Error('Kafka has no broker yet.');
    return version();
  },
};

// Metadata, version 1, of no topic, by nobody.
const METADATA = Buffer.from('0000000e' + '0003' + '0001' + '00000001' + 'ffff' + '00000000', 'hex');

function isWhole(got: Buffer): boolean {
  return got.length >= 12 && got.length >= 4 + got.readInt32BE(0);
}

function java(main: string, ...args: string[]): Command {
  const log = `-Dlog4j.configuration=file:${join(OWN, 'log4j.properties')}`;
  return { file: 'java', args: [...JVM, log, '-cp', join(jars(), '*'), main, ...args] };
}

function version(): string {
  return /kafka_2\.13<\/artifactId>\s*<version>([^<]+)/.exec(readFileSync(POM, 'utf8'))?.[1] ?? '';
}

/** In the user's cache: 46 MB that no clone needs to fetch twice. */
function jars(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tradepost', `kafka-${version()}`);
}

async function download(progress: (text: string) => void): Promise<void> {
  progress(`fetching ${version()} from Maven Central`);
  mkdirSync(dirname(jars()), { recursive: true });
  const half = mkdtempSync(`${jars()}.`);
  try {
    const args = ['-B', '-q', '-f', POM, 'dependency:copy-dependencies', '-DincludeScope=runtime'];
    const child = spawn('mvn', [...args, `-DoutputDirectory=${half}`], { stdio: ['ignore', 'pipe', 'pipe'] });
    await outcome(child, 'Maven could not fetch Apache Kafka');
    // Only what is complete gets the name; another process may have been faster.
    if (!existsSync(jars())) renameSync(half, jars());
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
}

// The session's end is what a start after a kill waits for: until then the dead broker counts as alive (default 9 s).
function settings({ dir, port }: Place, controller: number): string {
  return `process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=PLAINTEXT://127.0.0.1:${port}
controller.quorum.voters=1@127.0.0.1:${controller}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
log.dirs=${join(dir, 'data')}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=8388608
`;
}
