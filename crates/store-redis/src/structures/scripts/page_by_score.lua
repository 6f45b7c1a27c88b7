-- A page by score. KEYS: the key, and its companion where values are shown. ARGV: the lowest and the highest score, the
-- direction, how many, and the score and the field after which it begins.
local key, min, max, limit = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[4])
local is_reverse = ARGV[3] == 'reverse'

local function is_less(one, two)
  -- Not by `<`, which goes by the language of the server.
  for n = 1, math.min(#one, #two) do
    local a, b = one:byte(n), two:byte(n)
    if a ~= b then
      return a < b
    end
  end
  return #one < #two
end

-- The ranks before and after the place of a field with a score, where it is or would be.
local function place_of(score, field)
  local low, high = redis.call('ZCOUNT', key, '-inf', '(' .. score), redis.call('ZCOUNT', key, '-inf', score)
  local rank = redis.call('ZRANK', key, field)
  if rank and rank >= low and rank < high then
    return rank - 1, rank + 1
  end
  while low < high do
    local middle = math.floor((low + high) / 2)
    if is_less(redis.call('ZRANGE', key, middle, middle)[1], field) then
      low = middle + 1
    else
      high = middle
    end
  end
  return low - 1, low
end

local first = redis.pcall('ZCOUNT', key, '-inf', '(' .. min)
if type(first) == 'table' then
  return first
end
local last = redis.call('ZCOUNT', key, '-inf', max) - 1
if ARGV[5] then
  local before, behind = place_of(ARGV[5], ARGV[6])
  if is_reverse then
    last = math.min(last, before)
  else
    first = math.max(first, behind)
  end
end
if first > last then
  return { {}, false }
end
-- One more than asked for shows whether there is more.
local span = limit > 0 and math.min(limit, last - first) or last - first
if is_reverse then
  local from = redis.call('ZCARD', key) - 1 - last
  return page(redis.call('ZREVRANGE', key, from, from + span, 'WITHSCORES'), limit)
end
return page(redis.call('ZRANGE', key, first, first + span, 'WITHSCORES'), limit)
