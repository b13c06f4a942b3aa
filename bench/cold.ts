import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../src/testing/ports.ts';

export interface ColdStart {
  readonly label: string;
  readonly seconds: number;
}

/** From `npm start` to the first order that is answered 201, on an empty and on an existing data directory. */
export async function coldStarts(): Promise<ColdStart[]> {
  const results: ColdStart[] = [];
  const dataDir = mkdtempSync(join(tmpdir(), 'tradepost-cold-'));
  const secret = 'only for the bench, never elsewhere';
  let token: string | undefined;
  for (const label of ['empty data', 'existing data', 'existing data', 'existing data']) {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const started = performance.now();
    const child = spawn('npm', ['start', '--silent'], {
      env: { ...process.env, DATA_DIR: dataDir, PORT: String(port), JWT_SECRET: secret, LOG_LEVEL: 'error' },
      stdio: 'ignore',
      detached: true,
    });
    token ??= await until(async () => {
      const answer = await postJson(`${url}/register`, { username: 'bench', password: 'password123' });
      if (answer.status !== 201) throw new Error(await answer.text());
      return ((await answer.json()) as { token: string }).token;
    });
    const headers = { authorization: `Bearer ${token}` };
    await until(async () => {
      const answer = await postJson(`${url}/orders`, { items: [{ product_id: 1, quantity: 1 }] }, headers);
      if (answer.status !== 201) throw new Error(await answer.text());
      return true;
    });
    results.push({ label, seconds: (performance.now() - started) / 1000 });
    await ended(child.pid ?? 0);
  }
  rmSync(dataDir, { recursive: true, force: true });
  return results;
}

function postJson(url: string, body: object, headers: object = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

/** Tries again until it succeeds; after half a minute the last error is thrown. */
async function until<T>(attempt: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

/** Ends npm and what it started, and waits for all of them. */
async function ended(group: number): Promise<void> {
  process.kill(-group, 'SIGTERM');
  await until(async () => {
    const left = execFileSync('ps', ['-eo', 'pgid='], { encoding: 'utf8' }).split('\n').map(Number);
    if (left.includes(group)) throw new Error('still there');
  });
}
