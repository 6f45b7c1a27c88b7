-- A page by bytes. KEYS: the key, and its companion where values are shown. ARGV: the command, its two ends, how many.
local limit, fields = tonumber(ARGV[4])
if limit > 0 then
  -- One more than asked for shows whether there is more.
  fields = redis.pcall(ARGV[1], KEYS[1], ARGV[2], ARGV[3], 'LIMIT', 0, limit + 1)
else
  fields = redis.pcall(ARGV[1], KEYS[1], ARGV[2], ARGV[3])
end
if fields.err then
  return fields
end
local found = {}
for n, field in ipairs(fields) do
  found[2 * n - 1] = field
  found[2 * n] = redis.call('ZSCORE', KEYS[1], field)
end
return page(found, limit)
