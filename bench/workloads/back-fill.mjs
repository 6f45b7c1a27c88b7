// Memory in front of Redis: every read misses memory, hits Redis, and fills memory with what remains of the ttl.

import { setTimeout as sleep } from 'node:timers/promises'
import { open } from '../clients/index.mjs'
import { entries, fill, wrong } from '../lib/data.mjs'
import { Meter } from '../lib/meter.mjs'

const count = 16_384
const hour = 3_600_000

export default async function backFill({ client: name, role, millis, outstanding }) {
  const client = await open(name, role)
  const { keys, values } = entries(count, 100)
  await fill(client, entries(count, 100), hour)

  /** Reads every key once, with an empty memory to begin with. The clearing is not measured. */
  async function pass(meter) {
    await client.clearMemory(keys)
    const samples = []
    let next = 0
    async function worker() {
      while (next < count) {
        const n = next++
        const before = (n & 15) === 0 ? performance.now() : 0
        const value = await client.get(keys[n])
        if (value !== values[n]) wrong(keys[n], value, values[n])
        if (before !== 0) samples.push(performance.now() - before)
      }
    }
    meter.start()
    await Promise.all(Array.from({ length: outstanding }, worker))
    meter.stop()
    return samples
  }

  const warmUp = new Meter()
  while (warmUp.millis < millis / 3) await pass(warmUp)
  const meter = new Meter()
  const samples = []
  let done = 0
  for (; meter.millis < millis; done += count) samples.push(...(await pass(meter)))
  await checkFilling({ client, keys })
  await client.close()
  return meter.result(done, samples)
}

/** Reads were misses because memory was empty, it is filled now, and entries end there when they end in Redis. */
async function checkFilling({ client, keys }) {
  const must = (fact, text) => {
    if (!fact) throw new Error(text)
  }
  for (let n = 0; n < keys.length; n += 997) must(await client.inMemory(keys[n]), `${keys[n]} is not in memory`)
  await client.clearMemory(keys)
  must(!(await client.inMemory(keys[1])), 'memory is not empty after it was cleared')

  const probe = 'bench:probe'
  await client.set(probe, 'short', 1_500)
  await sleep(500)
  await client.clearMemory([probe])
  must((await client.get(probe)) === 'short', 'the probe is not in Redis')
  must(await client.inMemory(probe), 'the probe is not in memory')
  await sleep(1_100)
  if (client.keepsRemainingTtl) must(!(await client.inMemory(probe)), 'the probe outlives its ttl in memory')
}
