import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A buyer of the bench. */
export interface Buyer {
  readonly id: number;
  readonly token: string;
}

export interface FlowResult {
  /** Orders that were placed, invoiced and paid. */
  readonly flows: number;
  readonly seconds: number;
  readonly failed: number;
  /** Of one request, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

export interface FlowOptions {
  readonly url: string;
  readonly buyers: readonly Buyer[];
  readonly connections: number;
  readonly seconds: number;
  readonly products: { readonly first: number; readonly last: number };
}

const dir = mkdtempSync(join(tmpdir(), 'tradepost-flow-'));
process.once('exit', () => rmSync(dir, { recursive: true, force: true }));

/**
 * The complete flow: POST /orders/single, /invoices, /transactions, /transactions/pay. An answer queues the next step
 * of its order, and every connection takes the oldest step that waits, or begins a new order.
 */
export function completeFlows(options: FlowOptions): FlowResult {
  const file = join(dir, 'flow.lua');
  writeFileSync(file, script(options));
  const { connections, seconds, url } = options;
  const run = spawnSync('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', file, url], {
    encoding: 'utf8',
  });
  const line = /RESULT (\{.*\})/.exec(run.stdout)?.[1];
  if (!line) throw new Error(`wrk said: ${run.stdout}${run.stderr}`);
  const { flows, us, p50, p99, failed } = JSON.parse(line) as Record<'flows' | 'us' | 'p50' | 'p99' | 'failed', number>;
  return { flows, seconds: us / 1e6, failed, p50: p50 / 1e3, p99: p99 / 1e3 };
}

function script({ buyers, products }: FlowOptions): string {
  const tokens = buyers.map(({ id, token }) => `[${id}] = "Bearer ${token}"`).join(',');
  const ids = buyers.map(({ id }) => id).join(',');
  return `
local tokens = {${tokens}}
local ids = {${ids}}
local next_buyer, first, last = 0, 1, 0
local queue = {}
paid = 0
local threads = {}
function setup(thread) table.insert(threads, thread) end

local function post(path, user, body)
  return wrk.format("POST", path, { ["Content-Type"] = "application/json", ["Authorization"] = tokens[user] }, body)
end
local function later(path, user, body)
  last = last + 1
  queue[last] = post(path, user, body)
end

request = function()
  if first <= last then
    local one = queue[first]
    queue[first] = nil
    first = first + 1
    return one
  end
  next_buyer = next_buyer % #ids + 1
  local product = math.random(${products.first}, ${products.last})
  return post("/orders/single", ids[next_buyer], '{"product_id":' .. product .. ',"quantity":1}')
end

response = function(status, headers, body)
  if status >= 300 then return end
  local user = tonumber(body:match('"user_id":(%d+)'))
  if body:find('"invoice_number"', 1, true) then
    later("/transactions", user, '{"description":"order","invoice_id":' .. body:match('"invoice_id":(%d+)')
      .. ',"amount":' .. body:match('"total":([%d.]+),"currency"') .. '}')
  elseif body:find('"transactions_paid"', 1, true) then
    paid = paid + tonumber(body:match('"transactions_paid":(%d+)'))
  elseif body:find('"is_paid"', 1, true) then
    later("/transactions/pay", user, '{}')
  else
    later("/invoices", user, '{"order_id":' .. body:match('"order_id":(%d+)') .. '}')
  end
end

done = function(summary, latency)
  local flows = 0
  for _, thread in ipairs(threads) do flows = flows + thread:get("paid") end
  local e = summary.errors
  io.write(string.format('\\nRESULT {"flows":%d,"us":%d,"p50":%d,"p99":%d,"failed":%d}\\n', flows, summary.duration,
    latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
`;
}
