// Writes with a number of them outstanding, over entries that are there already.

import { open } from '../clients/index.mjs'
import { entries, fill, step, verify } from '../lib/data.mjs'
import { closedLoop } from '../lib/loops.mjs'

export default async function set({ client: name, role, args = [], millis, outstanding, size = 100, count = 8192 }) {
  const client = await open(name, role, ...args)
  await fill(client, entries(count, size, 'before'))
  const { keys, values } = entries(count, size)
  const at = (n) => Math.imul(n, step) & (count - 1)
  const { started, ...result } = await closedLoop({
    millis,
    outstanding,
    start: (n) => client.set(keys[at(n)], values[at(n)]),
    check() {}
  })
  const written = Array.from({ length: Math.min(started, count) }, (_, n) => at(n))
  await verify(client, { keys, values }, written)
  await client.close()
  return result
}
