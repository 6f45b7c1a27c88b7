// The ranges of numbers, as documents and types show them.

const grouped = (number) => (number === 65_535 ? String(number) : number.toLocaleString('en'))

/** What a number may be, in words. An end beyond `most` is nobody's concern. */
export function rangeOf({ min, max }, most = Number.MAX_SAFE_INTEGER) {
  return max > most ? `from ${grouped(min)}` : `${grouped(min)} to ${grouped(max)}`
}
