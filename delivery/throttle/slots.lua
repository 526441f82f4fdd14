-- Connections to mailbox providers, lent to workers for the time of one group of messages. One atomic step.
--
-- KEYS: a hash for each provider, {worker: "connections ends"}. ARGV: worker, seconds, then limit and want for each key.
-- Answer: the connections lent for each. All that are lent together never exceed the limit; what a dead worker held comes
-- free when its time is over. Who asks in vain is remembered for a moment, so that the others leave it its share.

local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local worker, seconds = ARGV[1], tonumber(ARGV[2])
local IDLE_S = 10

local lent = {}
for number, key in ipairs(KEYS) do
    local limit, want = tonumber(ARGV[1 + 2 * number]), tonumber(ARGV[2 + 2 * number])
    local held, workers = 0, 1
    local leases = redis.call('HGETALL', key)
    for index = 1, #leases, 2 do
        local connections, ends = string.match(leases[index + 1], '(%S+) (%S+)')
        if tonumber(ends) < now then
            redis.call('HDEL', key, leases[index])
        elseif leases[index] ~= worker then
            held, workers = held + tonumber(connections), workers + 1
        end
    end
    lent[number] = math.max(0, math.min(want, math.ceil(limit / workers), limit - held))
    local ends = now + (lent[number] > 0 and seconds or IDLE_S)
    redis.call('HSET', key, worker, string.format('%d %.6f', lent[number], ends))
    redis.call('EXPIRE', key, math.ceil(seconds) + IDLE_S)
end
return lent
