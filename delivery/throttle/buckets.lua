-- Token buckets: how many of each class of messages may go now, and where the others stand in line. One atomic step.
--
-- KEYS: the epoch, the counters of waits, the buckets that made somebody wait, those whose rate was raised, then the
-- buckets themselves.
-- ARGV[1]: JSON {now?, near, far, buckets: [{rate, reason}], classes: [{buckets: [index], count, urgent}]}
-- Answer: JSON, for each class {granted, index of the bucket that it waits for, seconds until the turn of each that waits}
--
-- The clock is this server's, in seconds. A bucket holds half a second of its rate, and one token at least, so that over
-- 10 s and more no more than 1.05 times the limit passes. A class takes a token of each of its buckets or of none.

local ask = cjson.decode(ARGV[1])
local now = ask.now
if not now then
    local time = redis.call('TIME')
    now = time[1] + time[2] / 1000000
end

-- What this very process of Redis has not seen is not believed: after a restart or a loss the buckets are empty, while
-- one that is merely unknown fills since the epoch.
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
local epoch = redis.call('HMGET', KEYS[1], 'run', 'at')
local born = tonumber(epoch[2])
if epoch[1] ~= run or born > now then
    born = now
    redis.call('HSET', KEYS[1], 'run', run, 'at', string.format('%.6f', now))
end

local function clamp(value, low, high)
    return math.max(low, math.min(value, high))
end

local function open(key, limit)
    local kept = redis.call('HMGET', key, 'tokens', 'at', 'rate', 'line', 'crowd', 'urgent')
    local at = tonumber(kept[2])
    local capacity = math.max(1, limit.rate / 2)
    local bucket = {key = key, rate = limit.rate, reason = limit.reason, capacity = capacity, line = now, crowd = now, urgent = now}
    if not at or at < born then
        bucket.tokens = math.min(capacity, limit.rate * (now - born))
        return bucket
    end
    if tonumber(kept[3]) < limit.rate then redis.call('SADD', KEYS[4], key) end
    -- a clock that was set back gives nothing, and takes no future with it
    bucket.tokens = math.min(capacity, tonumber(kept[1]) + limit.rate * math.max(0, now - at))
    if tonumber(kept[3]) == limit.rate and now >= at then  -- the places were given at this rate and by this clock
        bucket.line = clamp(tonumber(kept[4]), now, now + ask.near + 1 / limit.rate)
        bucket.crowd = clamp(tonumber(kept[5]), now, now + ask.far)
        bucket.urgent = clamp(tonumber(kept[6]), now, now + ask.near)
    end
    return bucket
end

-- The last tenth is for what is urgent. Where a tenth is less than a token, one is kept while something urgent waits.
local function reserve(bucket, urgent)
    if urgent then return 0 end
    if bucket.capacity >= 10 then return bucket.capacity / 10 end
    return bucket.urgent > now and 1 or 0
end

local function free(bucket, urgent)
    return math.max(0, math.floor(bucket.tokens - reserve(bucket, urgent) + 0.0001))  -- what the clock rounds away
end

local function ahead(bucket, urgent)
    local filled = now + math.max(0, 1 + reserve(bucket, urgent) - bucket.tokens) / bucket.rate
    return math.max(urgent and bucket.urgent or bucket.line, filled)
end

-- A place at the end of the line is exact for as far as it is near. Beyond, messages come back to look for one, four for
-- each token, so that the work of putting back goes by the limit and not by how many wait.
local function place(bucket, urgent)
    local at = ahead(bucket, urgent)
    if urgent then
        bucket.urgent = math.min(at + 1 / bucket.rate, now + ask.near)
    elseif at <= now + ask.near then
        bucket.line = at + 1 / bucket.rate
    else
        at = math.max(bucket.crowd, now + ask.near)
        bucket.crowd = at + 1 / (4 * bucket.rate)
    end
    return math.min(at - now, ask.far)
end

local buckets = {}
for index, limit in ipairs(ask.buckets) do
    buckets[index] = open(KEYS[4 + index], limit)
end

local answer = {}
for number, class in ipairs(ask.classes) do
    local granted, slowest = class.count, nil
    for _, index in ipairs(class.buckets) do
        granted = math.min(granted, free(buckets[index], class.urgent))
    end
    for _, index in ipairs(class.buckets) do
        buckets[index].tokens = buckets[index].tokens - granted
        if not slowest or ahead(buckets[index], class.urgent) > ahead(buckets[slowest], class.urgent) then slowest = index end
    end
    local turns = {}
    for turn = 1, class.count - granted do
        turns[turn] = place(buckets[slowest], class.urgent)
    end
    if #turns > 0 then
        redis.call('HINCRBY', KEYS[2], buckets[slowest].reason, #turns)
        redis.call('ZADD', KEYS[3], now, buckets[slowest].key)
    end
    answer[number] = {granted, slowest, turns}
end

for _, bucket in ipairs(buckets) do
    local function text(number) return string.format('%.6f', number) end
    redis.call('HSET', bucket.key, 'tokens', string.format('%.9f', bucket.tokens), 'at', text(now),
        'rate', string.format('%.17g', bucket.rate), 'line', text(bucket.line), 'crowd', text(bucket.crowd), 'urgent', text(bucket.urgent))
    local ends = math.max(bucket.line, bucket.crowd, bucket.urgent, now + bucket.capacity / bucket.rate)
    redis.call('EXPIRE', bucket.key, math.ceil(ends - now) + 60)  -- full by then, which is what an unknown one is taken for
end
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now - 3600)
return cjson.encode(answer)
