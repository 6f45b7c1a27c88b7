// Reads that arrive at a rate, whatever becomes of those before: as many every millisecond. Latency counts from when
// a read was due, so that a client that blocks the event loop does not hide the time that its callers waited.

import { open } from '../clients/index.mjs'
import { entries, fill, step, wrong } from '../lib/data.mjs'
import { Meter } from '../lib/meter.mjs'

const count = 8192

export default async function openLoop({ client: name, role, millis, perTick }) {
  const client = await open(name, role)
  await fill(client, entries(count, 100))
  const { keys, values } = entries(count, 100)

  /** Lets reads arrive for so many ticks, and resolves when all are answered. */
  function arrivals(ticks) {
    const total = ticks * perTick
    const samples = new Float64Array(total)
    let answered = 0
    return new Promise((resolve, reject) => {
      async function arrive(n, due) {
        const index = Math.imul(n, step) & (count - 1)
        const value = await client.get(keys[index])
        if (value !== values[index]) wrong(keys[index], value, values[index])
        samples[n] = performance.now() - due
        if (++answered === total) resolve(samples)
      }
      const start = performance.now()
      let tick = 0
      const timer = setInterval(() => {
        const due = Math.min(ticks, Math.floor(performance.now() - start))
        for (; tick < due; tick++) {
          for (let n = 0; n < perTick; n++) arrive(tick * perTick + n, start + tick + 1).catch(reject)
        }
        if (tick === ticks) clearInterval(timer)
      }, 1)
    })
  }

  await arrivals(Math.ceil(millis / 3))
  const meter = new Meter()
  meter.start()
  const samples = await arrivals(Math.ceil(millis))
  meter.stop()
  await client.close()
  return meter.result(samples.length, samples)
}
