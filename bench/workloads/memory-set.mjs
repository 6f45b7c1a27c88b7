// Writes to memory, each awaited before the next, over entries that are there already.

import { open } from '../clients/index.mjs'
import { entries, fill, step, verify } from '../lib/data.mjs'
import { tight } from '../lib/loops.mjs'

const count = 8192
const size = 256

export default async function memorySet({ client: name, role, millis }) {
  const client = await open(name, role)
  await fill(client, entries(count, 100, 'before'))
  const { keys, values } = entries(count, 100)
  let index = 0
  async function burst() {
    for (let n = 0; n < size; n++) {
      index = (index + step) & (count - 1)
      await client.set(keys[index], values[index])
    }
  }
  const result = await tight({ millis, size, burst })
  // Every key was written once the index came round; a slow client did not get that far.
  const written = Math.min(count, Math.floor((result.perSecond * millis) / 1000 / size) * size)
  await verify(
    client,
    entries(count, 100),
    Array.from({ length: written }, (_, n) => ((n + 1) * step) & (count - 1))
  )
  await client.close()
  return result
}
