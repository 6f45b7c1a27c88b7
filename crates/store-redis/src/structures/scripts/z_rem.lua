-- Removes members of a sorted set. KEYS: the key and its companion. ARGV: the members.
local removed = 0
for from = 1, #ARGV, 4000 do
  local to = math.min(from + 3999, #ARGV)
  local some = redis.pcall('ZREM', KEYS[1], unpack(ARGV, from, to))
  if type(some) == 'table' then
    return some
  end
  removed = removed + some
  redis.pcall('HDEL', KEYS[2], unpack(ARGV, from, to))
end
return removed
