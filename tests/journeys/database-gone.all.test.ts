import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { lockDirectory } from '../../src/platform/db/postgres/embedded/lock.ts';
import { clientOf, type TestClient } from '../../src/testing/client.ts';
import { settle } from '../../src/testing/settle.ts';
import { PASSWORD } from '../../src/testing/world.ts';
import { killNow, readyAt, type Started, serversOf, startCommand, until } from './process.fixture.ts';
import { LAMP } from './shop.fixture.ts';

const TIMEOUT_MS = 120_000;
const noTmpfs = process.platform === 'linux' && process.geteuid?.() === 0 ? false : 'needs root to mount a small disk';

describe('a shop whose embedded database is gone', () => {
  let dataDir = '';
  let started: Started | undefined;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'tradepost-gone-'));
  });
  afterEach(async () => {
    killNow(started?.child.pid ?? 0);
    await started?.ended;
    for (const pid of serversOf(dataDir)) killNow(pid);
    await until(() => (serversOf(dataDir).length === 0 ? true : undefined), 60_000, 'a process was left');
    rmSync(dataDir, { recursive: true, force: true });
  });

  async function open(directory = dataDir): Promise<{ shop: TestClient; url: string; process: Started }> {
    const process = startCommand({ DATA_DIR: directory, PORT: '0', BCRYPT_COST: '4', LOG_LEVEL: 'error' });
    started = process;
    const url = await readyAt(process);
    const guest = clientOf(url);
    const { status, body } = await guest.post('/register', { username: 'alice', password: PASSWORD });
    assert.equal(status, 201, JSON.stringify(body));
    const { token, id } = body as { token: string; id: number };
    return { shop: clientOf(url, token, id), url, process };
  }

  const postmaster = (directory = dataDir): number =>
    Number(readFileSync(join(directory, 'postgres/postmaster.pid'), 'utf8').split('\n')[0]);

  const order = (shop: TestClient) => shop.post('/orders/single', { product_id: LAMP, quantity: 1 });

  /** Orders until one is taken again; answers what was refused meanwhile. */
  async function untilTaken(shop: TestClient, taken: number[]): Promise<number[]> {
    const refused: number[] = [];
    await settle(async () => {
      const { status, body } = await order(shop);
      if (status === 201) taken.push((body as { order_id: number }).order_id);
      else refused.push(status);
      assert.equal(status, 201);
    }, TIMEOUT_MS);
    return refused;
  }

  async function allShipped(shop: TestClient, taken: readonly number[]): Promise<void> {
    for (const id of taken) {
      await settle(async () => assert.equal((await shop.get(`/shipments/order/${id}`)).status, 200), TIMEOUT_MS);
    }
  }

  test('goes on by itself each time that it was killed, and loses nothing', async () => {
    const { shop, url } = await open();
    const taken: number[] = [];
    for (let round = 0; round < 3; round++) {
      const before = postmaster();
      const load = Array.from({ length: 8 }, () => order(shop));
      killNow(before);
      for (const { status, body } of await Promise.all(load)) {
        assert.ok(status === 201 || status === 503, `${status} ${JSON.stringify(body)}`);
        if (status === 201) taken.push((body as { order_id: number }).order_id);
      }
      for (const status of await untilTaken(shop, taken)) assert.equal(status, 503);
      assert.notEqual(postmaster(), before);
      await settle(async () => assert.equal((await fetch(`${url}/health`)).status, 200), TIMEOUT_MS);
    }
    await allShipped(shop, taken);
  });

  test('ends with a reason when it cannot come back, and lets the directory go', async () => {
    const { process } = await open();
    renameSync(join(dataDir, 'postgres'), join(dataDir, 'elsewhere'));
    killNow(Number(readFileSync(join(dataDir, 'elsewhere/postmaster.pid'), 'utf8').split('\n')[0]));
    assert.equal(await process.ended, 1);
    const fatal = process.said().match(/^.*"level":"fatal".*$/gm) ?? [];
    assert.equal(fatal.length, 1, process.said());
    assert.match(fatal[0] ?? '', /cannot be started again; stopping/);
    assert.match(fatal[0] ?? '', /is not there any more/);
    lockDirectory(dataDir).release();
    rmSync(join(dataDir, 'elsewhere'), { recursive: true });
  });

  test('is not started again when the shop is stopped', async () => {
    const { process } = await open();
    process.child.kill('SIGTERM');
    assert.equal(await process.ended, 0);
    assert.doesNotMatch(process.said(), /started again/);
    assert.deepEqual(serversOf(dataDir), []);
  });

  describe('on a disk that is full', { skip: noTmpfs }, () => {
    let disk = '';
    beforeEach(() => {
      disk = mkdtempSync(join(tmpdir(), 'tradepost-disk-'));
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256m,mode=755', 'none', disk]);
    });
    afterEach(async () => {
      killNow(started?.child.pid ?? 0);
      await started?.ended;
      for (const pid of serversOf(disk)) killNow(pid);
      await until(() => (serversOf(disk).length === 0 ? true : undefined), 60_000, 'a process was left');
      execFileSync('umount', ['-l', disk]);
      rmSync(disk, { recursive: true, force: true });
    });

    // The server writes at the same time: what is left is filled until nothing more goes in.
    const fill = (): void => {
      for (const size of [1 << 20, 4096]) {
        const block = Buffer.alloc(size);
        try {
          for (;;) appendFileSync(join(disk, 'filling'), block);
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'ENOSPC');
        }
      }
    };

    test('is down and says why, and goes on when there is space again', async () => {
      const { shop, url } = await open(disk);
      const taken: number[] = [];
      await untilTaken(shop, taken);
      fill();
      const health = async () => (await (await fetch(`${url}/health`)).json()) as { status: string };
      await settle(async () => assert.equal((await health()).status, 'down'), TIMEOUT_MS);
      // What was killed on a full disk cannot recover there.
      killNow(postmaster(disk));
      await settle(() => assert.match(started?.said() ?? '', /ended by itself/), TIMEOUT_MS);
      assert.equal((await order(shop)).status, 503);
      rmSync(join(disk, 'filling'));
      for (const status of await untilTaken(shop, taken)) assert.equal(status, 503);
      await settle(async () => assert.equal((await health()).status, 'ok'), TIMEOUT_MS);
      await allShipped(shop, taken);
    });
  });
});
