// Reads of records in DynamoDB: 1,000 in one turn of the event loop, or all 10,000 of a partition in their order, again and
// again. An operation is one record.

import { dynamodbEndpoint } from '../clients/address.mjs'
import { open } from '../clients/records/index.mjs'
import { wrong } from '../lib/data.mjs'
import { Meter } from '../lib/meter.mjs'

const count = 10_000
const turn = 1000
const keys = Array.from({ length: count }, (_, n) => `record ${String(n).padStart(5, '0')}`)
const value = 'a value of a hundred bytes '.padEnd(100, 'x')

/** Writes what the clients read. RedKV writes it for all of them. */
async function fill() {
  const client = await open('redkv', dynamodbEndpoint)
  await client.fill(keys, value)
  await client.close()
}

const operations = {
  async get(client) {
    const found = await Promise.all(keys.slice(0, turn).map((key) => client.get(key)))
    for (let n = 0; n < turn; n++) if (found[n] !== value) wrong(keys[n], found[n], value)
    return turn
  },
  async list(client) {
    let read = 0
    for await (const record of client.list()) {
      if (record.key !== keys[read] || record.value !== value) wrong(keys[read], record.key, keys[read])
      read += 1
    }
    if (read !== count) wrong('list', read, count)
    return count
  }
}

export default async function records({ client: name, operation, millis }) {
  await fill()
  const client = await open(name, dynamodbEndpoint)
  const read = operations[operation]
  const warmUp = performance.now() + millis / 3
  do await read(client)
  while (performance.now() < warmUp)
  const meter = new Meter()
  const samples = []
  let done = 0
  while (meter.millis < millis) {
    const start = performance.now()
    meter.start()
    done += await read(client)
    meter.stop()
    samples.push(performance.now() - start)
  }
  await client.close()
  return meter.result(done, samples)
}
