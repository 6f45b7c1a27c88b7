-- Lists values. KEYS: the key and its companion. ARGV: how many words there are of each, and the command.
local found = redis.pcall(ARGV[2], KEYS[1], unpack(ARGV, 3))
if found.err then
  return found
end
show(found, tonumber(ARGV[1]))
return found
