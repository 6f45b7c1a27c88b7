-- Writes values in place of equal ones. KEYS: keys. ARGV: for each, what is expected and what is written.
local done = {}
for n, key in ipairs(KEYS) do
  local there = redis.pcall('GET', key)
  if type(there) == 'table' then
    done[n] = there
  elseif there == ARGV[2 * n - 1] then
    local set = redis.pcall('SET', key, ARGV[2 * n])
    done[n] = set.err and set or 1
  else
    done[n] = 0
  end
end
return done
