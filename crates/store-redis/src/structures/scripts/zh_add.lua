-- Puts fields into sorted hashes. KEYS: each key with its companion. ARGV: for each, score, field and value.
local done = {}
for n = 1, #KEYS / 2 do
  local key, values = KEYS[2 * n - 1], KEYS[2 * n]
  local score, field, value = ARGV[3 * n - 2], ARGV[3 * n - 1], ARGV[3 * n]
  local kind = redis.pcall('HLEN', values)
  if type(kind) == 'table' then
    done[n] = kind
  else
    done[n] = redis.pcall('ZADD', key, score, field)
    if type(done[n]) == 'number' then
      redis.pcall('HSET', values, field, value)
    end
  end
end
return done
