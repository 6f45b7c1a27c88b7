// Reads of 100 keys at a time, with a number of them outstanding.

import { open } from '../clients/index.mjs'
import { batches } from '../lib/batches.mjs'
import { entries, fill, wrong } from '../lib/data.mjs'
import { closedLoop } from '../lib/loops.mjs'

const count = 8192

export default async function getMany({ client: name, role, millis, outstanding }) {
  const client = await open(name, role)
  await fill(client, entries(count, 100))
  const { at } = batches(entries(count, 100), 100)
  const { started, ...result } = await closedLoop({
    millis,
    outstanding,
    every: 1,
    start: (n) => client.getMany(at(n).keys),
    check(n, found) {
      const { keys, values } = at(n)
      for (let i = 0; i < values.length; i++) if (found[i] !== values[i]) wrong(keys[i], found[i], values[i])
    }
  })
  await client.close()
  return result
}
