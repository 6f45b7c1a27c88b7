// A memory with many entries: what one of them takes, and what a hit costs. Needs `--expose-gc`.

import { open } from '../clients/index.mjs'
import { wrong } from '../lib/data.mjs'
import { tight } from '../lib/loops.mjs'

const size = 256

/** As many keys are read, from all over, at most: a power of two. */
const sampled = 1 << 20

const keyOf = (n) => `bench:user:${n}`
const valueOf = (n) => Buffer.alloc(100, `${n}:`).toString('latin1')

/** With fewer entries the rest of the process grows by more than they do. */
const enough = 100_000

/** Resident memory when the garbage is gone. */
function resident() {
  global.gc()
  return process.memoryUsage.rss()
}

/** Keys of entries from all over, with their values. */
function sample(entries) {
  const count = Math.min(sampled, 1 << Math.floor(Math.log2(entries)))
  const numbers = Array.from({ length: count }, () => Math.floor(Math.random() * entries))
  return { count, keys: numbers.map(keyOf), values: numbers.map(valueOf) }
}

export default async function memoryGrowth({ client: name, role, entries, millis }) {
  const client = await open(name, role, entries)
  const before = resident()
  for (let n = 0; n < entries; n++) await client.set(keyOf(n), valueOf(n))
  const bytes = entries < enough ? NaN : (resident() - before) / entries
  const { count, keys, values } = sample(entries)
  let index = 0
  let missing = 0
  let read = 0
  async function burst() {
    for (let n = 0; n < size; n++) {
      index = (index + 1) & (count - 1)
      const value = await client.get(keys[index])
      // A store with a bound may have let a few go.
      if (value == null && role === 'bounded') missing++
      else if (value !== values[index]) wrong(keys[index], value, values[index])
    }
    read += size
  }
  const result = await tight({ millis, size, burst })
  if (missing > read / 20) throw new Error(`${name}: ${missing} of ${read} reads found nothing`)
  await client.close()
  return { ...result, bytes }
}
