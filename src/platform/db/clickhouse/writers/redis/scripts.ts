/**
 * Takes the lock KEYS[1] for ARGV[1] and ARGV[2] ms: 2. Else 1 to who is the next one, by KEYS[2], and 0 to the rest.
 * Without a next one a process that is busy all the time would always be faster than one that waits.
 */
export const TAKE = `
local next = redis.call('get', KEYS[2])
if next and next ~= ARGV[1] then return 0 end
if redis.call('set', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
  if next then redis.call('del', KEYS[2]) end
  return 2
end
redis.call('set', KEYS[2], ARGV[1], 'PX', ARGV[3])
return 1`;

/** 1 when KEYS[1] is ARGV[1]'s for another ARGV[2] ms. */
export const RENEW = `
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('pexpire', KEYS[1], ARGV[2])`;

/** Gives back those of KEYS that ARGV[1] has. */
export const RELEASE_LOCK = `
for _, key in ipairs(KEYS) do
  if redis.call('get', key) == ARGV[1] then redis.call('del', key) end
end
return 1`;

/** Takes or renews each of KEYS for ARGV[1] and ARGV[2] ms: for each 1, or 0 when another has it. */
export const LEAD = `
local got = {}
for n, key in ipairs(KEYS) do
  local holder = redis.call('get', key)
  if holder and holder ~= ARGV[1] then
    got[n] = 0
  else
    redis.call('set', key, ARGV[1], 'PX', ARGV[2])
    got[n] = 1
  end
end
return got`;
