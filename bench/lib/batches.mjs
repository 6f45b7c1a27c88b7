// Batches of keys with their values, made beforehand.

import { step } from './data.mjs'

const kinds = 256

/** Batches of `size` keys from all over; `at(n)` gives one after the other, round and round. */
export function batches({ keys, values }, size) {
  const made = Array.from({ length: kinds }, (_, batch) => {
    const indexes = Array.from({ length: size }, (_, n) => ((batch * size + n) * step) & (keys.length - 1))
    return { keys: indexes.map((n) => keys[n]), values: indexes.map((n) => values[n]) }
  })
  return { at: (n) => made[n & (kinds - 1)] }
}
