import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../../bin/tradepost.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tradepost-process-'));
after(() => rmSync(folder, { recursive: true }));

/** Runs the command in a folder of its own, as a person would. */
function ran(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const options = { cwd: folder, env: { PATH: process.env.PATH, ...env }, encoding: 'utf8' as const };
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, ...words], options);
  return { status, stdout, stderr };
}

test('the command alone, or with a word that it does not know, touches nothing', () => {
  const alone = ran([]);
  assert.deepEqual([alone.status, alone.stderr], [0, '']);
  assert.match(alone.stdout, /^Usage: tradepost/);
  assert.equal(ran(['sart']).status, 1);
  assert.deepEqual(readdirSync(folder), []);
});

test('a file .env that cannot be read, and settings that are not valid, are sentences', () => {
  assert.deepEqual(ran(['config'], { PORT: 'ninety', CURRENCY: 'money' }), {
    status: 1,
    stdout: '',
    stderr:
      "PORT is 'ninety'; it takes a port, 0 to 65535 (0: any free one).\n" +
      "CURRENCY is 'money'; it takes an ISO 4217 code, such as USD.\n",
  });
  mkdirSync(join(folder, '.env'));
  const { status, stderr } = ran(['config']);
  assert.equal(status, 1);
  assert.match(stderr, /\.env cannot be read \(it is a folder\); mend it, or move it away\.\n$/);
  rmSync(join(folder, '.env'), { recursive: true });
});

test('a file .env in another encoding is a sentence, and one with a byte order mark is read', () => {
  const file = join(folder, '.env');
  writeFileSync(file, Buffer.from('\ufeffPORT=9000\n', 'utf16le'));
  assert.match(ran(['config']).stderr, /\.env holds bytes that are no text in UTF-8; save it as UTF-8/);
  writeFileSync(file, '\ufeffPORT=9000\n');
  assert.match(ran(['config']).stdout, /^PORT +9000$/m);
  rmSync(file);
});

test('the start tells every name that is no setting, each in a line with the one that was meant', () => {
  writeFileSync(join(folder, '.env'), 'SMTP_HOST=mail\nPORT=0\n');
  writeFileSync(join(folder, 'no-folder'), '');
  const env = { DATABSE_URL: 'x', POSTGRES_INITDB_ARGS: 'x', DATA_DIR: join(folder, 'no-folder'), LOG_LEVEL: 'warn' };
  const { stderr } = ran(['start', '--json'], env);
  const lines = stderr.split('\n').filter((line) => line.includes('is no setting'));
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as { msg: string }).msg),
    [
      'DATABSE_URL is no setting and has no effect; was DATABASE_URL meant?',
      'SMTP_HOST is no setting and has no effect; `tradepost config` lists those there are',
    ],
  );
  rmSync(join(folder, '.env'));
});

test('every command that reads the settings tells what has no effect, once, and never on standard output', () => {
  const file = join(folder, '.env');
  writeFileSync(file, '# a comment\n\nPORT 9000\nSHOP_NOTE="two\nlines"\nPROT=9000\nJWT_SECRET\n');
  const noValue = (line: number) =>
    `${file}, line ${line}, has no = and no effect; write NAME=value there, or # before it`;
  const warnings = [
    noValue(3),
    noValue(7),
    'SHOP_NOTE is no setting and has no effect; `tradepost config` lists those there are',
    'PROT is no setting and has no effect; was PORT meant?',
  ];
  const told = (words: string[]) => ran(words).stderr.trimEnd().split('\n').sort();
  for (const words of [['config'], ['topology']]) {
    assert.deepEqual(told(words), warnings.map((text) => `warning: ${text}`).sort());
    const json = ran([...words, '--json']);
    assert.ok(JSON.parse(json.stdout));
    const lines = json.stderr
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { warning: string }).warning);
    assert.deepEqual(lines.sort(), warnings.toSorted());
    assert.equal(ran([...words, '--quiet']).stderr, '');
  }
  rmSync(file);
});

test('two services at one port are a sentence before anything is started', () => {
  const env = { SERVICES: 'order,user', ORDER_PORT: '3999', USER_PORT: '3999', JWT_SECRET: 's'.repeat(32) };
  const { status, stderr } = ran(['start'], { ...env, LOG_LEVEL: 'silent', DATA_DIR: join(folder, 'never') });
  assert.deepEqual(
    [status, stderr],
    [1, 'user and order would listen at the same port 3999; give each its own with USER_PORT and ORDER_PORT.\n'],
  );
  assert.equal(readdirSync(folder).includes('never'), false);
});

test('a taken port is a sentence before a database is made, each with its setting', async () => {
  const taken = [createServer(), createServer()];
  const ports = await Promise.all(taken.map((server) => listening(server)));
  const env = { LOG_LEVEL: 'silent', DATA_DIR: join(folder, 'never'), JWT_SECRET: 's'.repeat(32) };
  const say = (port: string | undefined, setting: string) =>
    `Port ${port} on 127.0.0.1 is taken by another program; set ${setting} to a free one, or stop that program.\n`;
  const [one, two] = ports;
  const whole = ran(['start'], { ...env, PORT: String(one) });
  assert.deepEqual([whole.status, whole.stderr], [1, say(one, 'PORT')]);
  const each = { SERVICES: 'user,order', USER_PORT: String(one), ORDER_PORT: String(two) };
  const parts = ran(['start', '--json'], { ...env, ...each });
  const { error, code } = JSON.parse(parts.stderr) as { error: string; code: string };
  assert.deepEqual([code, `${error}\n`], ['EADDRINUSE', say(one, 'USER_PORT') + say(two, 'ORDER_PORT')]);
  assert.equal(readdirSync(folder).includes('never'), false);
  for (const server of taken) server.close();
});

/** Its port, once the system has it. */
async function listening(server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return String((server.address() as AddressInfo).port);
}

test('a data directory that can be none is a sentence, and no stack', () => {
  writeFileSync(join(folder, 'a-file'), '');
  const { status, stderr } = ran(['start'], { DATA_DIR: join(folder, 'a-file', 'data'), LOG_LEVEL: 'silent' });
  assert.equal(status, 1);
  assert.match(
    stderr,
    /^'.*a-file.*' cannot be a folder, because a part of its path is a file; name another place\.\n$/,
  );
});

test('packages that are not installed are a sentence', () => {
  const copy = join(folder, 'copy');
  const root = join(COMMAND, '../..');
  for (const part of ['bin', 'src']) cpSync(join(root, part), join(copy, part), { recursive: true });
  cpSync(join(root, 'package.json'), join(copy, 'package.json'));
  const told = (...words: string[]) => {
    const options = { env: { PATH: process.env.PATH }, encoding: 'utf8' as const };
    const { status, stderr } = spawnSync(process.execPath, [join(copy, 'bin/tradepost.js'), ...words], options);
    return [status, stderr] as const;
  };
  const [status, sentence] = told('status');
  assert.match(
    sentence,
    /^Tradepost is not installed completely \(Cannot find package '[^']+'\)\. Run npm ci first\.\n$/,
  );
  assert.equal(status, 1);
  const [, json] = told('status', '--json');
  const { error, code } = JSON.parse(json) as { error: string; code: string };
  assert.deepEqual([code, /Run npm ci first\.$/.test(error)], ['NOT_INSTALLED', true]);
  rmSync(copy, { recursive: true });
});

test('a word that fits no test goes to the script, and its exit code comes back', () => {
  const { status, stdout, stderr } = ran(['test', 'nosuchthing'], { HOME: folder });
  assert.deepEqual([status, stdout], [1, '']);
  assert.match(stderr, /'nosuchthing'/);
  const json = ran(['test', 'nosuchthing', '--json'], { HOME: folder });
  assert.deepEqual(JSON.parse(json.stdout), { script: 'test', exit_code: 1 });
});
