import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openDatabase } from '../../src/platform/db/postgres/postgres.ts';
import { type TestDatabase, testDatabase } from '../../src/testing/databases.ts';
import { engine } from '../../src/testing/engines.ts';
import { freePort } from '../../src/testing/ports.ts';
import { settle } from '../../src/testing/settle.ts';
import { type Started, startedBy } from './process.fixture.ts';

const COMMAND = fileURLToPath(new URL('../../bin/tradepost.js', import.meta.url));

describe('the banner of a start', () => {
  let database: TestDatabase;
  let folder: string;
  before(async () => {
    database = await testDatabase(engine);
    folder = mkdtempSync(join(tmpdir(), 'tradepost-banner-'));
  });
  after(async () => {
    await database.drop();
    rmSync(folder, { recursive: true });
  });

  const env = (port: number) => ({
    PATH: process.env.PATH,
    DB_DRIVER: 'postgres',
    DATABASE_URL: database.url,
    PORT: String(port),
    JWT_SECRET: 'a secret that only tests know',
    BCRYPT_COST: '4',
    LOG_LEVEL: 'error',
    NO_COLOR: '1',
  });

  async function bannerOf(started: Started): Promise<string> {
    return settle(() => {
      const [, text] = /─\n([\s\S]*)\n─+\n/.exec(started.said()) ?? [];
      assert.ok(text !== undefined, started.said());
      return text;
    });
  }

  /** Its lines of shell, each whole: what goes on in the next line stands in one. */
  const linesOf = (banner: string): string[] =>
    banner
      .split('\n')
      .map((line) => line.slice(1))
      .join('\n')
      .split(/\n(?! )/)
      .filter((line) => /^(curl|[A-Z]+=)/.test(line));

  async function whileRunning(port: number, story: (banner: string, shell: Shell) => Promise<void>): Promise<void> {
    const started = startedBy(spawn(process.execPath, [COMMAND, 'start'], { env: env(port), cwd: folder }));
    const shell = openShell(folder);
    try {
      await story(await bannerOf(started), shell);
    } finally {
      shell.close();
      started.child.kill('SIGTERM');
      assert.equal(await started.ended, 0, started.said());
    }
  }

  test('every line of the first one works as it is printed; the second one speaks to those who are there', async () => {
    const port = await freePort();
    await whileRunning(port, async (banner, shell) => {
      assert.match(banner, /^ First steps/m);
      assert.ok(banner.includes(`API=http://127.0.0.1:${port}\n`), 'the port that is really used');
      const answers = new Map<string, string>();
      for (const line of linesOf(banner)) answers.set(line, await shell.run(line));
      const answer = (part: string) =>
        JSON.parse([...answers].find(([line]) => line.includes(part))?.[1] ?? 'null') as Record<string, unknown>;
      assert.equal(answer('"product_id":2').order_id, 1);
      assert.equal(answer('"order_id":1').invoice_id, 1);
      assert.equal(answer('transactions/pay').transactions_paid, 1);
      assert.equal(answer('shipments/1').status, 'shipped');
      assert.equal(answer('webhooks').endpoint_id, 1);
      assert.equal(readFileSync(join(folder, 'invoice.pdf'), 'latin1').slice(0, 5), '%PDF-');
    });
    await whileRunning(port, async (banner, shell) => {
      assert.doesNotMatch(banner, /register/);
      for (const line of linesOf(banner)) await shell.run(line);
      assert.equal(await shell.run('echo "$ORDER"'), '2');
    });
    const db = openDatabase(database.url);
    const rows = await db.query({ name: '', text: 'select order_id from tradepost_order.orders order by 1' });
    await db.close();
    assert.deepEqual(rows, [{ order_id: 1 }, { order_id: 2 }]);
  });
});

interface Shell {
  /** What a line prints. Where an answer of the API says that something is not there yet, it is asked again. */
  run(line: string): Promise<string>;
  close(): void;
}

/** A shell that keeps its variables from one line to the next, as that of a person does. */
function openShell(cwd: string): Shell {
  const child = spawn('sh', [], { cwd, stdio: ['pipe', 'pipe', 'ignore'] });
  let text = '';
  let runs = 0;
  child.stdout.on('data', (part: Buffer) => {
    text += part;
  });
  async function once(line: string): Promise<string> {
    const mark = `--end of line ${++runs}--`;
    text = '';
    child.stdin.write(`${line}\necho; echo '${mark}'\n`);
    await settle(() => assert.ok(text.includes(mark)));
    return text.slice(0, text.indexOf(mark)).trim();
  }
  return {
    // A shipment and a timeline follow from events.
    run: (line) =>
      settle(async () => {
        const said = await once(line);
        assert.doesNotMatch(said, /"code":"[A-Z_]+"/, line);
        return said;
      }),
    close: () => void child.kill(),
  };
}
