-- Reserves permits of a caller's sliding window, atomically and by Redis's own clock.
--
-- KEYS[1]  the caller's window: a hash from the number of a bucket of time to the permits spent in it
-- ARGV[1]  the most permits in the window        ARGV[2]  buckets in the window, the present one among them
-- ARGV[3]  microseconds of a bucket              ARGV[4]  permits wanted
-- ARGV[5]  the bucket to which unspent permits go back, or 0    ARGV[6]  how many
-- Returns  {granted, left in the window, the present bucket, microseconds left in it, microseconds until one comes free}
local limit, span, length = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local wanted, former, unspent = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local present = math.floor(now / length)

-- Permits of a bucket that is over can never be spent any more, so they go back to where they were counted.
if unspent > 0 then
  local held = tonumber(redis.call('HGET', KEYS[1], ARGV[5]) or '0')
  if held >= unspent then
    redis.call('HINCRBY', KEYS[1], ARGV[5], -unspent)
  end
end

local spent, oldest = 0, nil
local buckets = redis.call('HGETALL', KEYS[1])
for at = 1, #buckets, 2 do
  local bucket, count = tonumber(buckets[at]), tonumber(buckets[at + 1])
  if bucket <= present - span or count == 0 then
    redis.call('HDEL', KEYS[1], buckets[at])
  else
    spent = spent + count
    if oldest == nil or bucket < oldest then oldest = bucket end
  end
end

local granted = math.max(0, math.min(wanted, limit - spent))
local free_in = 0
if granted > 0 then
  redis.call('HINCRBY', KEYS[1], string.format('%.0f', present), granted)
  redis.call('PEXPIRE', KEYS[1], math.ceil(span * length / 1000) + 1000)
elseif oldest ~= nil then
  free_in = (oldest + span) * length - now
end
return {granted, math.max(0, limit - spent - granted), present, (present + 1) * length - now, free_in}
