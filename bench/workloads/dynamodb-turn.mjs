// 1,000 operations on distinct keys of DynamoDB, started in one turn of the event loop, again and again. How many
// requests they take is counted apart from the times.

import { open } from '../clients/index.mjs'
import { dynamodbEndpoint } from '../clients/address.mjs'
import { CountingProxy } from '../lib/counting-proxy.mjs'
import { entries, fill, verify } from '../lib/data.mjs'
import { Meter } from '../lib/meter.mjs'

const count = 1024
const turn = 1000

export default async function dynamodbTurn({ client: name, role, millis, operation }) {
  const before = entries(count, 100, 'before')
  const { keys, values } = entries(count, 100)
  const indexes = Array.from({ length: turn }, (_, n) => n)

  /** One turn; reading also compares. */
  const run = (client) =>
    operation === 'get'
      ? verify(client, { keys, values }, indexes, turn)
      : Promise.all(indexes.map((n) => client.set(keys[n], values[n])))

  async function timed() {
    const client = await open(name, role, dynamodbEndpoint)
    await fill(client, operation === 'get' ? { keys, values } : before)
    const warmUp = performance.now() + millis / 3
    do await run(client)
    while (performance.now() < warmUp)
    const meter = new Meter()
    const samples = []
    while (meter.millis < millis) {
      const start = performance.now()
      meter.start()
      await run(client)
      meter.stop()
      samples.push(performance.now() - start)
    }
    await verify(client, { keys, values }, indexes)
    await client.close()
    return meter.result(samples.length * turn, samples)
  }

  async function counted() {
    const proxy = new CountingProxy()
    const client = await open(name, role, await proxy.start(dynamodbEndpoint))
    await verify(client, { keys, values }, [0])
    proxy.take()
    await run(client)
    const requests = proxy.take()
    await client.close()
    await proxy.stop()
    return requests
  }

  return { ...(await timed()), requests: await counted() }
}
