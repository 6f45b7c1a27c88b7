-- Puts members into sorted sets. KEYS: each key with its companion. ARGV: for each, score and member.
local done = {}
for n = 1, #KEYS / 2 do
  local member = ARGV[2 * n]
  local added = redis.pcall('ZADD', KEYS[2 * n - 1], ARGV[2 * n - 1], member)
  if type(added) == 'number' then
    redis.pcall('HDEL', KEYS[2 * n], member)
  end
  done[n] = added
end
return done
