-- Writes all or nothing. KEYS: the keys of the writes in their order, each with its companion where it may have one.
-- ARGV: the number of the write that is made first and needs no look before it, or 0; then the writes, each with a letter,
-- how many keys it has, how many words follow, and these. Answers 1, or for each condition in its order whether it failed.
local pcall, is_refused, failed, dirty = redis.pcall, false, {}, false
local wrong, uncounted, broken
local letters, keys, values, froms, tos = {}, {}, {}, {}, {}

local function look(...)
  local answer = pcall(...)
  if type(answer) == 'table' then
    wrong = wrong or answer
  end
  return answer
end

local function condition(holds)
  failed[#failed + 1] = holds and 0 or 1
  is_refused = is_refused or not holds
end

-- Whether a counter can be added to: up to the digits of `most` on that side of 0. A counter has 64 bits, of which a number
-- of Lua holds 53.
local function count(text, side, most)
  local sign, digits = text:match('^(%-?)([1-9]%d*)$')
  if text == '0' then
    sign, digits = '', '0'
  end
  local function is_within(limit)
    return #digits < #limit or (#digits == #limit and digits <= limit)
  end
  if not digits or not is_within(sign == '-' and '9223372036854775808' or '9223372036854775807') then
    uncounted = uncounted or { err = 'REDKVNUMBER' }
  elseif sign == side and not is_within(most) then
    uncounted = uncounted or { err = 'REDKVRANGE' }
  end
end

local function exists(key)
  condition(pcall('EXISTS', key) == 1)
end

local function members(key)
  look('SCARD', key)
end

local looks = {
  N = function(key)
    condition(pcall('EXISTS', key) == 0)
  end,
  X = exists,
  P = exists,
  E = function(key, from)
    condition(look('GET', key) == ARGV[from])
  end,
  I = function(key, from)
    local text = look('GET', key)
    if type(text) == 'string' then
      count(text, ARGV[from + 1], ARGV[from + 2])
    end
  end,
  A = members,
  R = members,
  H = function(key, from)
    local set, new = tonumber(ARGV[from]), tonumber(ARGV[from + 1])
    for n = 1, new do
      condition(look('HEXISTS', key, ARGV[from + 2 * (set + n)]) == 0)
    end
    if new == 0 then
      look('HLEN', key)
    end
  end,
  Z = function(key, from, to, value)
    look('ZCARD', key)
    if to - from == 2 then
      look('HLEN', value)
    end
  end,
  Y = function(key, from, to, value)
    condition(not look('ZSCORE', key, ARGV[from + 1]))
    if to - from == 2 then
      look('HLEN', value)
    end
  end,
  M = function(key)
    look('ZCARD', key)
  end,
}

local function write(...)
  if broken then
    return
  end
  local answer = pcall(...)
  if type(answer) == 'table' and answer.err then
    broken = answer
  else
    dirty = true
  end
end

local function write_many(name, key, from, to)
  for n = from, to, 4000 do
    write(name, key, unpack(ARGV, n, math.min(n + 3999, to)))
  end
end

local function set(key, from)
  write('SET', key, ARGV[from])
end

local function delete(key, _, _, value)
  write('DEL', key)
  if value then
    pcall('UNLINK', value)
  end
end

local function put(key, from, to, value)
  local field = ARGV[from + 1]
  write('ZADD', key, ARGV[from], field)
  if to - from == 2 then
    write('HSET', value, field, ARGV[to])
  elseif not broken then
    pcall('HDEL', value, field)
  end
end

local writes = {
  S = set,
  N = set,
  X = set,
  E = function(key, from)
    write('SET', key, ARGV[from + 1])
  end,
  D = delete,
  P = delete,
  I = function(key, from)
    write('INCRBY', key, ARGV[from])
  end,
  A = function(key, from, to)
    write_many('SADD', key, from, to)
  end,
  R = function(key, from, to)
    write_many('SREM', key, from, to)
  end,
  H = function(key, from, to)
    local deleted = from + 2 + 2 * (ARGV[from] + ARGV[from + 1])
    write_many('HSET', key, from + 2, deleted - 1)
    write_many('HDEL', key, deleted, to)
  end,
  Z = put,
  Y = put,
  M = function(key, from, _, value)
    write('ZREM', key, ARGV[from])
    if not broken then
      pcall('HDEL', value, ARGV[from])
    end
  end,
}

local function each(what, n)
  local does = what[letters[n]]
  if does then
    does(keys[n], froms[n], tos[n], values[n])
  end
end

local first, at, key = tonumber(ARGV[1]), 2, 1
while ARGV[at] do
  local n = #letters + 1
  letters[n], keys[n], froms[n], tos[n] = ARGV[at], KEYS[key], at + 3, at + 2 + ARGV[at + 2]
  values[n] = ARGV[at + 1] == '2' and KEYS[key + 1]
  key, at = key + ARGV[at + 1], tos[n] + 1
  if n ~= first then
    each(looks, n)
  end
end
if is_refused and first > 0 then
  each(looks, first)
end
if wrong or uncounted then
  return wrong or uncounted
end
if is_refused then
  return failed
end

if first > 0 then
  each(writes, first)
end
for n = 1, #letters do
  if n ~= first then
    each(writes, n)
  end
end
if broken then
  return dirty and { err = 'REDKVPARTLY' } or broken
end
return 1
