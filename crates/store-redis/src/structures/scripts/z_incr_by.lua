-- Adds to scores. KEYS: each key with its companion. ARGV: for each, what is added and the member.
local done = {}
for n = 1, #KEYS / 2 do
  local key, member = KEYS[2 * n - 1], ARGV[2 * n]
  local before = redis.pcall('ZSCORE', key, member)
  if type(before) == 'table' then
    done[n] = before
  else
    done[n] = redis.pcall('ZINCRBY', key, ARGV[2 * n - 1], member)
    if not before and type(done[n]) == 'string' then
      redis.pcall('HDEL', KEYS[2 * n], member)
    end
  end
end
return done
