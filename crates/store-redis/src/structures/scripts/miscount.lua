-- What is wrong with a counter that is to move to one side, if before it may have no more than these digits there. It has
-- 64 bits, of which a number of Lua holds 53.
local function miscount(text, side, most)
  local sign, digits = text:match('^(%-?)([1-9]%d*)$')
  if text == '0' then
    sign, digits = '', text
  end
  local limit = sign == '-' and '9223372036854775808' or '9223372036854775807'
  if not digits or #digits > 19 or (#digits == 19 and digits > limit) then
    return { err = 'REDKVNUMBER' }
  end
  if sign == side and (#digits > #most or (#digits == #most and digits > most)) then
    return { err = 'REDKVRANGE' }
  end
end
