// Reads of data structures in DynamoDB: 1,000 values in one turn of the event loop, again and again (an operation is one
// value), or ranges of 10 among 1,000 members with a number of them outstanding.

import { dynamodbEndpoint } from '../../clients/address.mjs'
import { open } from '../../clients/structures/index.mjs'
import { step, wrong } from '../../lib/data.mjs'
import { closedLoop } from '../../lib/loops.mjs'
import { Meter } from '../../lib/meter.mjs'

const turn = 1000
const keys = Array.from({ length: turn }, (_, n) => Buffer.from(`bench:value:${n}`).toString())
const values = keys.map((key) => `value of ${key}`.padEnd(100, 'x'))
const member = (n) => `member ${n}`

/** Writes what the clients read. RedKV writes it for all of them. */
async function fill() {
  const db = await open('redkv', 'dynamodb', dynamodbEndpoint)
  await Promise.all(keys.map((key, n) => db.set(key, values[n])))
  await Promise.all(keys.map((_, n) => db.zAdd('bench:sorted', member(n), n)))
  await db.close()
}

async function readTurn(client) {
  const found = await Promise.all(keys.map((key) => client.get(key)))
  for (let n = 0; n < turn; n++) if (found[n] !== values[n]) wrong(keys[n], found[n], values[n])
}

async function turns(client, millis) {
  const warmUp = performance.now() + millis / 3
  do await readTurn(client)
  while (performance.now() < warmUp)
  const meter = new Meter()
  const samples = []
  while (meter.millis < millis) {
    const start = performance.now()
    meter.start()
    await readTurn(client)
    meter.stop()
    samples.push(performance.now() - start)
  }
  return meter.result(samples.length * turn, samples)
}

async function ranges(client, millis, outstanding) {
  const first = (n) => (n * step) % (turn - 9)
  const { started, ...result } = await closedLoop({
    millis,
    outstanding,
    start: (n) => client.zRangeByScore('bench:sorted', first(n), first(n) + 9),
    check(n, found) {
      const isRight = found.length === 10 && found[0] === member(first(n)) && found[9] === member(first(n) + 9)
      if (!isRight) wrong(`range ${n}`, found, member(first(n)))
    }
  })
  return result
}

export default async function dynamodb({ client: name, operation, millis, outstanding }) {
  await fill()
  const client = await open(name, 'dynamodb', dynamodbEndpoint)
  const result = operation === 'get' ? await turns(client, millis) : await ranges(client, millis, outstanding)
  await client.close()
  return result
}
