// Reads with a number of them outstanding.

import { open } from '../clients/index.mjs'
import { entries, fill, step, wrong } from '../lib/data.mjs'
import { closedLoop } from '../lib/loops.mjs'

export default async function get({ client: name, role, args = [], millis, outstanding, size = 100, count = 8192 }) {
  const client = await open(name, role, ...args)
  await fill(client, entries(count, size))
  const { keys, values } = entries(count, size)
  const at = (n) => Math.imul(n, step) & (count - 1)
  const { started, ...result } = await closedLoop({
    millis,
    outstanding,
    start: (n) => client.get(keys[at(n)]),
    check(n, value) {
      const index = at(n)
      if (value !== values[index]) wrong(keys[index], value, values[index])
    }
  })
  await client.close()
  return result
}
