import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

// npm run smoke: starts the bundle of `npm run build` on an empty data directory, asks for its health, stops it.

const began = performance.now();
const dataDir = mkdtempSync(join(tmpdir(), 'tradepost-smoke-'));
const child = spawn(process.execPath, ['bin/tradepost.js', 'start', '--json'], {
  env: { ...process.env, TRADEPOST_BUNDLE: '1', DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'warn' },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const exited = once(child, 'exit');
const late = setTimeout(() => child.kill('SIGKILL'), 60_000);
try {
  const url = await gatewayOf(child.stdout);
  const health = await fetch(`${url}/health`);
  const text = await health.text();
  if (health.status !== 200) throw new Error(`/health answered ${health.status}: ${text}`);
  console.error(`the bundle answered ${text} after ${Math.round(performance.now() - began)} ms`);
} finally {
  child.kill('SIGTERM');
  const [code] = await exited;
  clearTimeout(late);
  rmSync(dataDir, { recursive: true, force: true });
  if (code !== 0) {
    console.error(`the bundle ended with ${code}`);
    process.exitCode = 1;
  }
}

async function gatewayOf(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface(output)) {
    if (line.startsWith('{"urls"')) return (JSON.parse(line) as { urls: { gateway: string } }).urls.gateway;
  }
  throw new Error('the bundle ended before it answered');
}
