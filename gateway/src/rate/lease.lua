-- Leases permits of a quota, in one step. The caller spends them when it likes and gives back what it does not.
--
-- KEYS[1]  the month's count of permits spent or leased
-- ARGV[1]  the quota        ARGV[2]  permits wanted        ARGV[3]  spent without asking; below zero, given back
-- ARGV[4]  what was spent before, if the count is not known here; or -1
-- Returns  {granted, left}, or {-1, 0} if the count is not known here
local limit, wanted, owed, before = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local spent = tonumber(redis.call('GET', KEYS[1]) or before)
if spent < 0 then return {-1, 0} end
spent = math.max(0, spent + owed)
local granted = math.max(0, math.min(wanted, limit - spent))
-- Longer than any month lasts.
redis.call('SET', KEYS[1], string.format('%.0f', spent + granted), 'EX', 32 * 86400)
return {granted, math.max(0, limit - spent - granted)}
