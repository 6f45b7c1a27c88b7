// Keys and values, made beforehand.

/** A string in one piece. Concatenation gives pieces that V8 puts together at the first use, inside the measurement. */
const flat = (text) => Buffer.from(text).toString()

/**
 * `count` keys with values of `size` bytes, a power of two so that an index wraps with one `&`.
 *
 * Two calls give equal strings, but strings of their own: clients that keep what they were given have to compare it
 * like those that make a new string. `mark` makes the values differ from those that another process left behind.
 */
export function entries(count, size, mark = process.pid) {
  if ((count & (count - 1)) !== 0) throw new Error(`not a power of two: ${count}`)
  const keys = Array.from({ length: count }, (_, n) => flat(`bench:user:${n}`))
  const values = Array.from({ length: count }, (_, n) => flat(`${n}:${mark}:`.padEnd(size, 'x').slice(0, size)))
  return { keys, values }
}

/** Steps through all indexes below a power of two, in an order that is not that of memory. */
export const step = 7919

export function wrong(key, got, wanted) {
  const short = (value) => String(value).slice(0, 40)
  throw new Error(`wrong value for ${key}: ${short(got)} instead of ${short(wanted)}`)
}

const chunk = 500

/** Writes all entries through the client. */
export async function fill(client, { keys, values }, ...ttl) {
  for (let start = 0; start < keys.length; start += chunk) {
    await Promise.all(keys.slice(start, start + chunk).map((key, n) => client.set(key, values[start + n], ...ttl)))
  }
}

/** Reads entries through the client, `together` at a time, and fails if one is wrong. */
export async function verify(client, { keys, values }, indexes, together = chunk) {
  for (let start = 0; start < indexes.length; start += together) {
    const some = indexes.slice(start, start + together)
    const found = await Promise.all(some.map((n) => client.get(keys[n])))
    for (const [i, n] of some.entries()) if (found[i] !== values[n]) wrong(keys[n], found[i], values[n])
  }
}
