"""What the Redis outbox does in one step each: Redis runs a script alone.

Keys: the list that is kombu's queue, messages that are not due, the text of those,
claims by the end of their lease, revoked ids, and the prefix of a hash for each
claim and a list for what it holds.
"""

from __future__ import annotations

_HEAD = """
local queue, delayed, texts, leases, revoked, prefix =
  KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1e6
local function offer(key, due, text)
  if due == '' or tonumber(due) <= now then
    redis.call('LPUSH', queue, text)
  else
    redis.call('ZADD', delayed, due, key)
    redis.call('HSET', texts, key, text)
  end
end
local function show_held(key)
  local held = redis.call('LRANGE', prefix .. key .. ':held', 0, -1)
  for i = 1, #held, 3 do offer(held[i], held[i + 1], held[i + 2]) end
  redis.call('DEL', prefix .. key .. ':held')
  return #held
end
local function drop(key)
  redis.call('DEL', prefix .. key)
  redis.call('ZREM', leases, key)
  return show_held(key)
end
local function owns(key, owner)
  return redis.call('HGET', prefix .. key, 'owner') == owner
end
"""

# holder, then key, due and text of each message
PUT = (
    _HEAD
    + """
local holder = ARGV[1]
local held = holder ~= '' and redis.call('EXISTS', prefix .. holder) == 1
for i = 2, #ARGV, 3 do
  if held then
    redis.call('RPUSH', prefix .. holder .. ':held', ARGV[i], ARGV[i + 1], ARGV[i + 2])
  else
    offer(ARGV[i], ARGV[i + 1], ARGV[i + 2])
  end
end
"""
)

# key, text, owner, lease, task id; whether that is revoked
PUT_CLAIMED = (
    _HEAD
    + """
local key = ARGV[1]
redis.call('HSET', prefix .. key, 'text', ARGV[2], 'owner', ARGV[3], 'state', 'claimed')
redis.call('ZADD', leases, now + tonumber(ARGV[4]), key)
return redis.call('ZSCORE', revoked, ARGV[5]) and 1 or 0
"""
)

# Known tasks are looked for in windows from the old end of the list, so that
# messages of another release do not block the queue.
_SCAN = """
local known = {}
for _, name in ipairs(cjson.decode(ARGV[1])) do known[name] = true end
local function each_known(visit)
  local last = -1
  local size = redis.call('LLEN', queue)
  while -last <= size and -last <= 5000 do
    local window = redis.call('LRANGE', queue, last - 99, last)
    for i = #window, 1, -1 do
      local headers = cjson.decode(window[i]).headers
      if known[headers.task] and visit(window[i], headers.id) then return end
    end
    last = last - 100
  end
end
"""

# tasks, owner, limit, lease, and 1 to take also what is not due
CLAIM = (
    _HEAD
    + _SCAN
    + """
local due_now = redis.call('ZRANGEBYSCORE', delayed, '-inf', now, 'LIMIT', 0, 100)
for _, key in ipairs(due_now) do
  redis.call('LPUSH', queue, redis.call('HGET', texts, key))
  redis.call('HDEL', texts, key)
  redis.call('ZREM', delayed, key)
end
local limit = tonumber(ARGV[3])
local found, chosen = {}, {}
each_known(function(text, id)
  table.insert(chosen, {text, id, ''})
  return #chosen >= limit
end)
for _, one in ipairs(chosen) do redis.call('LREM', queue, -1, one[1]) end
if ARGV[5] == '1' then
  local ahead = redis.call('ZRANGE', delayed, 0, -1, 'WITHSCORES')
  for i = 1, #ahead, 2 do
    local text = redis.call('HGET', texts, ahead[i])
    local headers = cjson.decode(text).headers
    if known[headers.task] and #chosen < limit then
      redis.call('HDEL', texts, ahead[i])
      redis.call('ZREM', delayed, ahead[i])
      table.insert(chosen, {text, headers.id, ahead[i + 1]})
    end
  end
end
for _, one in ipairs(chosen) do
  local text, id, due = one[1], one[2], one[3]
  local key = cjson.decode(text).properties.delivery_tag
  redis.call('HSET', prefix .. key, 'text', text, 'owner', ARGV[2], 'state', 'claimed')
  redis.call('ZADD', leases, now + tonumber(ARGV[4]), key)
  table.insert(found, text)
  table.insert(found, due)
  table.insert(found, redis.call('ZSCORE', revoked, id) and 1 or 0)
end
return found
"""
)

# tasks
WAIT = (
    _HEAD
    + _SCAN
    + """
local ready = false
each_known(function() ready = true; return true end)
if ready then return '0' end
local first = redis.call('ZRANGE', delayed, 0, 199, 'WITHSCORES')
for i = 1, #first, 2 do
  local headers = cjson.decode(redis.call('HGET', texts, first[i])).headers
  if known[headers.task] then return tostring(tonumber(first[i + 1]) - now) end
end
return false
"""
)

# key, owner, `early` or `late`
START = (
    _HEAD
    + """
if not owns(ARGV[1], ARGV[2]) then return 0 end
if redis.call('HGET', prefix .. ARGV[1], 'state') ~= 'claimed' then return 0 end
redis.call('HSET', prefix .. ARGV[1], 'state', ARGV[3])
return 1
"""
)

# key, owner; above 0 when it held something
FINISH = (
    _HEAD
    + """
if owns(ARGV[1], ARGV[2]) then return drop(ARGV[1]) else return show_held(ARGV[1]) end
"""
)

# key, owner, text, due, and 1 when only a claim whose lease has ended may be taken
RELEASE = (
    _HEAD
    + """
local key = ARGV[1]
if not owns(key, ARGV[2]) then return 0 end
if ARGV[5] == '1' and tonumber(redis.call('ZSCORE', leases, key)) >= now then
  return 0
end
drop(key)
if ARGV[4] ~= '' and tonumber(ARGV[4]) > now then
  offer(key, ARGV[4], ARGV[3])
else
  redis.call('RPUSH', queue, ARGV[3])
end
return 1
"""
)

# lease, owner, then keys
EXTEND = (
    _HEAD
    + """
for i = 3, #ARGV do
  if owns(ARGV[i], ARGV[2]) then
    redis.call('ZADD', leases, 'XX', now + tonumber(ARGV[1]), ARGV[i])
  end
end
"""
)

# Every claim whose lease has ended: key, owner, state, text, and whether it holds.
EXPIRED = (
    _HEAD
    + """
local found = {}
for _, key in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', '(' .. now)) do
  local claim = redis.call('HMGET', prefix .. key, 'owner', 'state', 'text')
  table.insert(found, {key, claim[1], claim[2], claim[3],
    redis.call('EXISTS', prefix .. key .. ':held')})
end
return found
"""
)

# key, owner, new owner, lease
TAKE_LOST = (
    _HEAD
    + """
local key = ARGV[1]
if not owns(key, ARGV[2]) then return 0 end
if tonumber(redis.call('ZSCORE', leases, key)) >= now then return 0 end
redis.call('HSET', prefix .. key, 'owner', ARGV[3])
redis.call('ZADD', leases, now + tonumber(ARGV[4]), key)
return 1
"""
)

# lifetime, then ids
REVOKE = (
    _HEAD
    + """
redis.call('ZREMRANGEBYSCORE', revoked, '-inf', now)
for i = 2, #ARGV do redis.call('ZADD', revoked, now + tonumber(ARGV[1]), ARGV[i]) end
"""
)

# `add` or `latest`, field and number, again and again
RECORD = (
    _HEAD
    + """
for i = 1, #ARGV, 3 do
  local field, number = ARGV[i + 1], ARGV[i + 2]
  if ARGV[i] == 'add' then
    redis.call('HINCRBYFLOAT', KEYS[7], field, number)
  else
    local before = redis.call('HGET', KEYS[7], field)
    if not before or tonumber(before) < tonumber(number) then
      redis.call('HSET', KEYS[7], field, number)
    end
  end
end
"""
)
