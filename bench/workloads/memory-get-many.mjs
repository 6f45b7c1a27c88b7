// Reads of 100 keys at a time from memory.

import { open } from '../clients/index.mjs'
import { entries, fill, wrong } from '../lib/data.mjs'
import { tight } from '../lib/loops.mjs'
import { batches } from '../lib/batches.mjs'

const count = 8192
const size = 16

export default async function memoryGetMany({ client: name, role, millis }) {
  const client = await open(name, role)
  await fill(client, entries(count, 100))
  const { at } = batches(entries(count, 100), 100)
  let index = 0
  async function burst() {
    for (let n = 0; n < size; n++) {
      const { keys, values } = at(index++)
      const found = await client.getMany(keys)
      for (let i = 0; i < values.length; i++) if (found[i] !== values[i]) wrong(keys[i], found[i], values[i])
    }
  }
  const result = await tight({ millis, size, burst })
  await client.close()
  return result
}
