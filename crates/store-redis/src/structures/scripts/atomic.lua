-- Writes all or nothing. KEYS: the keys of the writes in their order, each with its companion where it may have one.
-- ARGV: the number of the write that is made first and needs no look before it, or 0; then the writes, each with a letter,
-- how many keys it has, how many words follow, and these. Answers 1, or for each condition in its order whether it failed,
-- or an error that ends with a quotation mark and the number of its write.
local pcall, type, KEYS, ARGV = redis.pcall, type, KEYS, ARGV
local failed, is_refused, dirty = {}, false, false

-- Returns the error of a write with its number.
local function of(n, answer)
  if answer then
    answer.err = answer.err .. " '" .. n
  end
  return answer
end

-- Looks whether a write can be made. Returns an error of its key, or one of its counter.
local function look(letter, key, from, to, value)
  local answer, holds
  if letter == 'N' then
    holds = pcall('EXISTS', key) == 0
  elseif letter == 'X' or letter == 'P' then
    holds = pcall('EXISTS', key) == 1
  elseif letter == 'E' then
    answer = pcall('GET', key)
    holds = answer == ARGV[from]
  elseif letter == 'I' then
    answer = pcall('GET', key)
    if type(answer) == 'string' then
      return nil, miscount(answer, ARGV[from + 1], ARGV[from + 2])
    end
  elseif letter == 'A' or letter == 'R' then
    answer = pcall('SCARD', key)
  elseif letter == 'H' then
    local set, new = tonumber(ARGV[from]), tonumber(ARGV[from + 1])
    answer = pcall('HLEN', key)
    for n = 1, new do
      local holds = pcall('HEXISTS', key, ARGV[from + 2 * (set + n)]) == 0
      failed[#failed + 1] = holds and 0 or 1
      is_refused = is_refused or not holds
    end
  elseif letter == 'Y' then
    answer = pcall('ZSCORE', key, ARGV[from + 1])
    holds = not answer
  elseif letter == 'Z' or letter == 'M' then
    answer = pcall('ZCARD', key)
  end
  if type(answer) ~= 'table' and (letter == 'Y' or letter == 'Z') and to - from == 2 then
    answer = pcall('HLEN', value)
  end
  if holds ~= nil then
    failed[#failed + 1] = holds and 0 or 1
    is_refused = is_refused or not holds
  end
  return type(answer) == 'table' and answer or nil
end

-- Notes that something is written, or returns the error.
local function written(answer)
  if type(answer) == 'table' and answer.err then
    return answer
  end
  dirty = true
end

local function write_many(name, key, from, to)
  local broken
  while from <= to and not broken do
    broken = written(pcall(name, key, unpack(ARGV, from, math.min(from + 3999, to))))
    from = from + 4000
  end
  return broken
end

-- Makes a write, and returns the error if it fails.
local function make(letter, key, from, to, value)
  if letter == 'S' or letter == 'N' or letter == 'X' then
    return written(pcall('SET', key, ARGV[from]))
  elseif letter == 'E' then
    return written(pcall('SET', key, ARGV[to]))
  elseif letter == 'I' then
    return written(pcall('INCRBY', key, ARGV[from]))
  elseif letter == 'A' then
    return write_many('SADD', key, from, to)
  elseif letter == 'R' then
    return write_many('SREM', key, from, to)
  elseif letter == 'H' then
    local deleted = from + 2 + 2 * (ARGV[from] + ARGV[from + 1])
    return write_many('HSET', key, from + 2, deleted - 1) or write_many('HDEL', key, deleted, to)
  elseif letter == 'D' or letter == 'P' then
    if value then
      pcall('UNLINK', value)
    end
    return written(pcall('DEL', key))
  end
  -- What the companion has counts for nothing without the field.
  local field = letter == 'M' and ARGV[from] or ARGV[from + 1]
  local broken
  if letter == 'M' then
    broken = written(pcall('ZREM', key, field))
  else
    broken = written(pcall('ZADD', key, ARGV[from], field))
  end
  if broken then
    return broken
  elseif letter ~= 'M' and to - from == 2 then
    return written(pcall('HSET', value, field, ARGV[to]))
  end
  pcall('HDEL', value, field)
end

local first, at, key, n = tonumber(ARGV[1]), 2, 1, 1
local wrong, uncounted, first_at, first_key
while ARGV[at] do
  local last = at + 2 + ARGV[at + 2]
  if n == first then
    first_at, first_key = at, key
  else
    local of_key, of_counter = look(ARGV[at], KEYS[key], at + 3, last, KEYS[key + 1])
    wrong, uncounted = wrong or of(n, of_key), uncounted or of(n, of_counter)
  end
  key, at, n = key + ARGV[at + 1], last + 1, n + 1
end
if first_at then
  local last = first_at + 2 + ARGV[first_at + 2]
  if is_refused then
    local of_key, of_counter = look(ARGV[first_at], KEYS[first_key], first_at + 3, last, KEYS[first_key + 1])
    wrong, uncounted = wrong or of(first, of_key), uncounted or of(first, of_counter)
  end
  if not (is_refused or wrong or uncounted) then
    wrong = of(first, make(ARGV[first_at], KEYS[first_key], first_at + 3, last, KEYS[first_key + 1]))
  end
end
if wrong or uncounted then
  return dirty and { err = 'REDKVPARTLY' } or wrong or uncounted
end
if is_refused then
  return failed
end

at, key = 2, 1
while ARGV[at] do
  local last = at + 2 + ARGV[at + 2]
  if at ~= first_at then
    local value = ARGV[at + 1] == '2' and KEYS[key + 1] or nil
    local broken = make(ARGV[at], KEYS[key], at + 3, last, value)
    if broken then
      return dirty and { err = 'REDKVPARTLY' } or broken
    end
  end
  key, at = key + ARGV[at + 1], last + 1
end
return 1
