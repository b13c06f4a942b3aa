/**
 * What Redis does in one step, as Lua. Each key is named in KEYS; all of a bus are on one server, not spread over a
 * cluster. Times are Redis's own, so that the clocks of the readers do not matter.
 */

/**
 * The heartbeat of a member: renews its leases, and takes free ones up to its fair share among the members that sent a
 * heartbeat too. KEYS: the members, the leases. ARGV: token, milliseconds. Returns the share and the numbers of the
 * leases held.
 */
export const BALANCE_LEASES = `
local token, ttl = ARGV[1], tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now + ttl, token)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('PEXPIRE', KEYS[1], ttl * 2)
local members = redis.call('ZRANGE', KEYS[1], 0, -1)
table.sort(members)
local leases = #KEYS - 1
local share = math.floor(leases / #members)
for rank, member in ipairs(members) do
  if member == token and rank <= leases % #members then share = share + 1 end
end
local own = {}
for n = 1, leases do
  if redis.call('GET', KEYS[n + 1]) == token then
    redis.call('PEXPIRE', KEYS[n + 1], ttl)
    own[#own + 1] = n - 1
  end
end
for n = 1, leases do
  if #own < share and redis.call('SET', KEYS[n + 1], token, 'NX', 'PX', ttl) then own[#own + 1] = n - 1 end
end
return {share, own}
`;

/** Gives leases back, if they still are ours. KEYS: the members, leases. ARGV: token, whether the member leaves. */
export const RELEASE_LEASES = `
for n = 2, #KEYS do
  if redis.call('GET', KEYS[n]) == ARGV[1] then redis.call('DEL', KEYS[n]) end
end
if ARGV[2] == 'leaves' then redis.call('ZREM', KEYS[1], ARGV[1]) end
return 1
`;

/**
 * Reads for a group what follows, from the streams whose lease is held. The check of the lease and the read are one
 * step: a member that has lost a lease without knowing it reads nothing, so no entry becomes pending that nobody reads
 * again. KEYS: lease and stream, in pairs. ARGV: token, group, how many of each, and for each stream from where: '>'
 * for new entries, or an id among the pending ones.
 * When the oldest entry of a stream is new to the reader, entries before it may have been removed: Redis counts the
 * entries added and those that the group has read. A loss is reported once: XGROUP SETID corrects the count.
 * Returns for each stream: whether the lease is held, the last place of the stream, the entries, and how many entries
 * are gone that the group had not read. ARGV, after those places: for each stream the last entry that the reader got.
 */
export const READ = `
local got = {}
local streams = #KEYS / 2
local function named(list)
  local fields = {}
  for n = 1, #list, 2 do fields[list[n]] = list[n + 1] end
  return fields
end
local function later(a, b)
  local a1, a2 = string.match(a, '^(%d+)-(%d+)$')
  local b1, b2 = string.match(b, '^(%d+)-(%d+)$')
  a1, b1 = tonumber(a1), tonumber(b1)
  return a1 > b1 or (a1 == b1 and tonumber(a2) > tonumber(b2))
end
local function gone(stream, reached)
  local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
  if first and not later(first[1], reached) then return 0 end
  if redis.call('EXISTS', stream) == 0 then return 0 end
  local info = named(redis.call('XINFO', 'STREAM', stream))
  local added, length = info['entries-added'], info['length']
  if not added then return 0 end
  for _, one in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
    local group = named(one)
    if group['name'] == ARGV[2] then
      local place, read = group['last-delivered-id'], group['entries-read']
      if place == '0-0' and not read then read = 0 end
      if not read or (first and not later(first[1], place)) then return 0 end
      local lost = added - length - read
      if lost <= 0 then return 0 end
      redis.call('XGROUP', 'SETID', stream, ARGV[2], place, 'ENTRIESREAD', added - length)
      return lost
    end
  end
  return 0
end
for n = 1, streams do
  local lease, stream = KEYS[2 * n - 1], KEYS[2 * n]
  if redis.call('GET', lease) == ARGV[1] then
    local lost = 0
    if ARGV[n + 3] == '>' then lost = gone(stream, ARGV[n + 3 + streams]) end
    local found = redis.call('XREADGROUP', 'GROUP', ARGV[2], 'reader', 'COUNT', ARGV[3], 'STREAMS', stream, ARGV[n + 3])
    local last = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)
    got[n] = {1, last[1] and last[1][1] or '0-0', found and found[1] and found[1][2] or {}, lost}
  else
    got[n] = {0, '', {}, 0}
  end
end
return got
`;

/**
 * Forgets what is older than a time, but nothing that a group has still to read or to acknowledge.
 * KEYS: a stream. ARGV: how many milliseconds are kept. Returns how many entries went.
 */
export const TRIM = `
local time = redis.call('TIME')
local until_ms = time[1] * 1000 + math.floor(time[2] / 1000) - tonumber(ARGV[1])
local seq = 0
local function before(id)
  local ms, n = string.match(id, '^(%d+)-(%d+)$')
  ms, n = tonumber(ms), tonumber(n)
  if ms < until_ms or (ms == until_ms and n < seq) then until_ms, seq = ms, n end
end
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local fields = {}
  for n = 1, #group, 2 do fields[group[n]] = group[n + 1] end
  before(fields['last-delivered-id'])
  local open = redis.call('XPENDING', KEYS[1], fields['name'])
  if open[1] > 0 then before(open[2]) end
end
return redis.call('XTRIM', KEYS[1], 'MINID', '~', string.format('%.0f-%.0f', until_ms, seq))
`;
