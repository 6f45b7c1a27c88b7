/** A number with three significant digits, or `–` when it is not known. */
export function digits(number) {
  if (number === undefined || number === null || !Number.isFinite(number)) return '–'
  const whole = Math.max(1, Math.floor(Math.log10(Math.abs(number) || 1)) + 1)
  return number.toFixed(Math.max(0, 3 - whole))
}
