import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { linkLibraries } from './binaries.ts';
import { freePort, gone, killBelow, postmaster, processesBelow, query, timed, writer } from './embedded.fixture.ts';
import { type EmbeddedPostgres, type EmbeddedPostgresOptions, startPostgres, systemBinaries } from './embedded.ts';

const isRoot = process.geteuid?.() === 0;
const noRoot = isRoot ? false : 'needs root';
const noProc = process.platform === 'linux' ? false : 'looks for processes in /proc';

describe('the embedded PostgreSQL', () => {
  let root = '';
  let servers: EmbeddedPostgres[] = [];
  let children: ChildProcess[] = [];

  let template = '';
  before(async () => {
    template = mkdtempSync(join(tmpdir(), 'embedded-template-'));
    chmodSync(template, 0o755);
    await (await startPostgres({ dataDir: template })).stop();
  });
  after(() => rmSync(template, { recursive: true, force: true }));

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'embedded-test-'));
    chmodSync(root, 0o755);
    execFileSync('cp', ['-a', join(template, 'postgres'), root]);
    servers = [];
    children = [];
  });

  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(servers.map((server) => server.stop()));
    // What a failed test left running must not outlive it.
    killBelow(root);
    await gone(root);
    rmSync(root, { recursive: true, force: true });
  });

  async function start(dataDir: string, options: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
    const server = await startPostgres({ dataDir, ...options });
    servers.push(server);
    return server;
  }

  /** Starts the writer; resolves once it has told its first twenty rows. `last` is the newest row that it told. */
  async function startWriter(dataDir: string, uid?: number): Promise<{ child: ChildProcess; last: () => string }> {
    const args = ['--input-type=module', '--eval', writer, dataDir];
    const as = uid === undefined ? {} : { uid, gid: uid, cwd: dataDir };
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true, ...as });
    children.push(child);
    let last = '';
    const lines = createInterface({ input: child.stdout });
    await new Promise<void>((ready, failed) => {
      child.once('exit', () => failed(new Error('the writer ended')));
      lines.on('line', (line) => {
        last = line;
        if (line === '20') ready();
      });
    });
    return { child, last: () => last };
  }

  it('keeps its rows over a restart, and starts fast', async () => {
    const dataDir = join(root, 'new');
    const [first, created] = await timed(() => start(dataDir));
    await query(first, 'create table kept (name text)');
    await query(first, "insert into kept values ('Ä')");
    await first.stop();
    await first.stop();
    assert.deepEqual(processesBelow(root), []);
    assert.equal(existsSync(join(dataDir, 'postgres-socket')), false);
    const [second, reopened] = await timed(() => start(dataDir));
    assert.deepEqual(await query(second, 'select lower(name) as name from kept'), [{ name: 'ä' }]);
    assert.match(second.version, /^\d+\.\d+$/);
    // Loose bounds: a busy machine is slow, a broken start is slower.
    assert.ok(created < 10_000 && reopened < 2_000, `${created} ms, ${reopened} ms`);
  });

  it('is durable, takes settings, listens on no port and tells neither its socket nor its log to others', async () => {
    const server = await start(root, { settings: { max_connections: '20' } });
    const names = ['fsync', 'synchronous_commit', 'full_page_writes', 'max_connections', 'listen_addresses'];
    const rows = await query(server, `select setting from pg_settings where name = any('{${names}}') order by name`);
    assert.deepEqual(
      rows.map((row) => row.setting),
      ['on', 'on', '', '20', 'on'],
    );
    assert.equal(statSync(join(root, 'postgres-socket')).mode & 0o777, 0o700);
    assert.equal(statSync(join(root, 'postgres.log')).mode & 0o777, 0o600);
    assert.match(readFileSync(join(root, 'postgres.log'), 'utf8'), /ready to accept connections/);
  });

  it('leaves no process behind when its parent is killed with kill -9, and keeps every committed row', async () => {
    for (let round = 0; round < 2; round++) {
      const { child, last } = await startWriter(root);
      child.kill('SIGKILL');
      await once(child, 'exit');
      const told = Number(last());
      const left = await gone(root);
      assert.ok(left < 5_000, `${left} ms`);
      const server = await start(root);
      const rows = await query(server, 'select count(*)::int as rows from row where id <= $1', [told]);
      assert.deepEqual(rows, [{ rows: told }]);
      await query(server, 'truncate row');
      await server.stop();
    }
  });

  it('starts again at once when its parent and all its own processes are killed with kill -9', {
    skip: noProc,
  }, async () => {
    const { child, last } = await startWriter(root);
    child.kill('SIGKILL');
    killBelow(root);
    const server = await start(root);
    const [found] = await query(server, 'select count(*)::int as rows from row');
    assert.ok(Number(found?.rows) >= Number(last()));
  });

  it('tells when its postmaster is killed with kill -9, and starts again at once', async () => {
    const exit = Promise.withResolvers<number | null>();
    const first = await start(root, { onExit: exit.resolve });
    await query(first, 'create table kept as select 1 as id');
    process.kill(first.pid, 'SIGKILL');
    assert.equal(await exit.promise, null);
    const second = await start(root);
    assert.deepEqual(await query(second, 'select id from kept'), [{ id: 1 }]);
  });

  it('stops a server that an earlier run left behind', { skip: noProc }, async () => {
    const { child } = await startWriter(root);
    // A parent that is neither dead nor able to act is as good as one whose death went unnoticed.
    child.kill('SIGSTOP');
    const before = postmaster(root);
    const heard: string[] = [];
    const server = await start(root, { progress: (text) => heard.push(text) });
    assert.notEqual(server.pid, before);
    assert.match(heard.join(), new RegExp(`left behind \\(process ${before}\\)`));
    assert.equal(processesBelow(root).includes(before), false);
  });

  it('does not hear the Ctrl-C of the terminal, so that its parent can drain first', async () => {
    const { child, last } = await startWriter(root);
    process.kill(-(child.pid ?? 0), 'SIGINT');
    const [code] = await once(child, 'exit');
    assert.equal(code, 0);
    assert.equal(last(), 'drained');
    assert.deepEqual(processesBelow(root), []);
  });

  it('works in a directory whose path is too long for a socket', async () => {
    const long = join(root, 'a'.repeat(60), 'b, "c" d'.repeat(8));
    const server = await start(long);
    const sockets = readlinkSync(join(long, 'postgres-socket'));
    assert.deepEqual(await query(server, 'select 1 as one'), [{ one: 1 }]);
    await server.stop();
    assert.equal(existsSync(sockets), false);
  });

  it('works, as root, below a directory that only root may enter', { skip: noRoot }, async () => {
    chmodSync(root, 0o700);
    const dataDir = join(root, 'data');
    mkdirSync(dataDir);
    renameSync(join(root, 'postgres'), join(dataDir, 'postgres'));
    const { child, last } = await startWriter(dataDir);
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.ok((await gone(root)) < 5_000);
    const server = await start(dataDir);
    const [found] = await query(server, 'select count(*)::int as rows from row');
    assert.ok(Number(found?.rows) >= Number(last()));
    await server.stop();
    // Opened up and closed again, the files change hands and back.
    for (const mode of [0o755, 0o700]) {
      chmodSync(root, mode);
      const again = await start(dataDir);
      assert.deepEqual(await query(again, 'select count(*)::int as rows from row'), [found]);
      await again.stop();
    }
  });

  it('is not misled by a stale postmaster.pid whose number now belongs to another process', {
    skip: noRoot,
  }, async () => {
    chmodSync(root, 0o700);
    const first = await start(root);
    const pidFile = join(root, 'postgres/postmaster.pid');
    const text = readFileSync(pidFile, 'utf8');
    await first.stop();
    writeFileSync(pidFile, text.replace(/^\d+/, String(process.pid)));
    const second = await start(root);
    assert.deepEqual(await query(second, 'select 1 as one'), [{ one: 1 }]);
  });

  it('works for an ordinary user, and for root on what that user left', { skip: noRoot }, async () => {
    const dataDir = join(root, 'data');
    mkdirSync(dataDir);
    chmodSync(dataDir, 0o777);
    const { child, last } = await startWriter(dataDir, 65_534);
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.ok((await gone(root)) < 5_000);
    const server = await start(dataDir);
    const [found] = await query(server, 'select count(*)::int as rows from row');
    assert.ok(Number(found?.rows) >= Number(last()));
  });

  const system = systemBinaries();
  it('runs a server of the system on a port with a password', { skip: system ? false : 'none found' }, async () => {
    const port = await freePort();
    const password = "it's a / secret: 100 %";
    const server = await start(join(root, 'new'), { binaries: system, port, password });
    assert.equal(new URL(server.url).host, `127.0.0.1:${port}`);
    assert.deepEqual(await query(server, 'select current_user as me'), [{ me: 'postgres' }]);
    const wrong = server.url.replace(/:[^:@]+@/, ':wrong@');
    await assert.rejects(query({ url: wrong }, 'select 1'), { code: '28P01' });
    assert.doesNotMatch(readFileSync(join(root, 'new/postgres.log'), 'utf8'), /secret/);
  });

  it('says what it can not do in a sentence', async () => {
    await assert.rejects(startPostgres({ dataDir: root, port: 1 }), /needs a password/);
    await assert.rejects(
      startPostgres({ dataDir: root, settings: { shared_buffers: 'much' } }),
      /did not start; it said [\s\S]*invalid value for parameter "shared_buffers"/,
    );
    assert.deepEqual(processesBelow(root), []);
    writeFileSync(join(root, 'postgres/PG_VERSION'), '9\n');
    await assert.rejects(
      startPostgres({ dataDir: root }),
      /was made by PostgreSQL 9 but this is PostgreSQL \d+: dump it/,
    );
    rmSync(join(root, 'postgres/PG_VERSION'));
    await assert.rejects(startPostgres({ dataDir: root }), /holds files but no database/);
  });

  it('makes the links that an installation without scripts lacks', () => {
    mkdirSync(join(root, 'native/lib'), { recursive: true });
    writeFileSync(join(root, 'native/lib/liba.so.1.2'), 'a');
    const list = [{ source: 'native/lib/liba.so.1.2', target: 'native/lib/liba.so' }];
    writeFileSync(join(root, 'native/pg-symlinks.json'), JSON.stringify(list));
    linkLibraries(root);
    linkLibraries(root);
    assert.equal(readFileSync(join(root, 'native/lib/liba.so'), 'utf8'), 'a');
  });
});
