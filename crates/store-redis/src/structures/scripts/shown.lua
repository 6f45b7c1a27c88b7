-- Puts values in the place of fields, which are at every `step`-th place of `found`, where there are any.
local function show(found, step)
  if not KEYS[2] then
    return
  end
  for from = 1, #found, 4000 do
    local to, fields = math.min(from + 3999, #found), {}
    for n = from, to, step do
      fields[#fields + 1] = found[n]
    end
    local values = redis.call('HMGET', KEYS[2], unpack(fields))
    for n = 1, #fields do
      if values[n] then
        found[from + (n - 1) * step] = values[n]
      end
    end
  end
end

-- The first `limit` of what was found, fields and scores, with the last field where there is more.
local function page(found, limit)
  local more = limit > 0 and #found > 2 * limit
  if more then
    found[#found] = nil
    found[#found] = nil
  end
  local last = more and found[#found - 1]
  show(found, 2)
  return { found, last }
end
