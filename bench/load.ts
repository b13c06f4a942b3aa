import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a load of some seconds gave. Latencies in milliseconds. */
export interface LoadResult {
  readonly perSecond: number;
  readonly total: number;
  readonly p50: number;
  readonly p99: number;
  readonly failed: number;
}

export interface LoadOptions {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  readonly token: string;
  /** The first and the last id of what is ordered or read. */
  readonly products: { readonly first: number; readonly last: number };
}

/** Whether wrk is here: it takes so little of the machine that the figures are the product's. */
export function hasWrk(): boolean {
  return spawnSync('wrk', ['-v']).error === undefined;
}

const dir = mkdtempSync(join(tmpdir(), 'tradepost-load-'));
process.once('exit', () => rmSync(dir, { recursive: true, force: true }));

/** Each request orders one unit of a random product, over kept-alive connections. */
export function placeOrders(options: LoadOptions): LoadResult {
  const script = `
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer ${options.token}"
request = function()
  local product = math.random(${options.products.first}, ${options.products.last})
  return wrk.format(nil, "/orders", nil, '{"items":[{"product_id":' .. product .. ',"quantity":1}]}')
end`;
  return wrk(script, options);
}

/** Each request reads a random product. */
export function readProducts(options: LoadOptions): LoadResult {
  const script = `
request = function()
  return wrk.format("GET", "/products/" .. math.random(${options.products.first}, ${options.products.last}))
end`;
  return wrk(script, options);
}

/** Each request reads one's own order of a random id; `products` are the first and the last id. */
export function readOrders(options: LoadOptions): LoadResult {
  const script = `
wrk.headers["Authorization"] = "Bearer ${options.token}"
request = function()
  return wrk.format("GET", "/orders/" .. math.random(${options.products.first}, ${options.products.last}))
end`;
  return wrk(script, options);
}

const DONE = `
done = function(summary, latency, requests)
  local failed = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout
  io.write(string.format('\\nRESULT {"total":%d,"us":%d,"p50":%d,"p99":%d,"failed":%d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), failed))
end`;

function wrk(script: string, { url, connections, seconds }: LoadOptions): LoadResult {
  const file = join(dir, 'load.lua');
  writeFileSync(file, `${script}\n${DONE}\n`);
  const run = spawnSync('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', file, url], {
    encoding: 'utf8',
  });
  const line = /RESULT (\{.*\})/.exec(run.stdout)?.[1];
  if (!line) throw new Error(`wrk said: ${run.stdout}${run.stderr}`);
  const { total, us, p50, p99, failed } = JSON.parse(line) as Record<'total' | 'us' | 'p50' | 'p99' | 'failed', number>;
  return { total, failed, perSecond: total / (us / 1e6), p50: p50 / 1000, p99: p99 / 1000 };
}
