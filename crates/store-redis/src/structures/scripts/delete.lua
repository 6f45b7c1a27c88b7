-- Deletes keys, with the values of sorted hashes. KEYS: each key with its companion.
local done = {}
for n = 1, #KEYS / 2 do
  done[n] = redis.pcall('DEL', KEYS[2 * n - 1])
  redis.pcall('UNLINK', KEYS[2 * n])
end
return done
