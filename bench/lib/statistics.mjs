// From the rounds of a client to what is said about it.

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Median, least and greatest of every figure, from a list of objects with the same figures. */
export function summary(rounds) {
  const each = (pick) =>
    Object.fromEntries(Object.keys(rounds[0]).map((name) => [name, pick(rounds.map((round) => round[name]))]))
  return { median: each(median), min: each((all) => Math.min(...all)), max: each((all) => Math.max(...all)) }
}
