// Reads from memory, each awaited before the next.

import { open } from '../clients/index.mjs'
import { entries, fill, step, wrong } from '../lib/data.mjs'
import { tight } from '../lib/loops.mjs'

const count = 8192
const size = 256

export default async function memoryGet({ client: name, role, args = [], millis }) {
  const client = await open(name, role, ...args)
  await fill(client, entries(count, 100))
  const { keys, values } = entries(count, 100)
  let index = 0
  async function burst() {
    for (let n = 0; n < size; n++) {
      index = (index + step) & (count - 1)
      const value = await client.get(keys[index])
      if (value !== values[index]) wrong(keys[index], value, values[index])
    }
  }
  const result = await tight({ millis, size, burst })
  await client.close()
  return result
}
