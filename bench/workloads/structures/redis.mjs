// One operation on data structures in Redis, with a number of them outstanding.

import { open } from '../../clients/structures/index.mjs'
import { step, wrong } from '../../lib/data.mjs'
import { closedLoop } from '../../lib/loops.mjs'

const count = 1024
const at = (n) => Math.imul(n, step) & (count - 1)
const named = (kind) => Array.from({ length: count }, (_, n) => Buffer.from(`bench:${kind}:${n}`).toString())

/** Calls `write` for all numbers, some at a time. */
async function fill(length, write) {
  for (let start = 0; start < length; start += 500) {
    await Promise.all(Array.from({ length: Math.min(500, length - start) }, (_, n) => write(start + n)))
  }
}

const ten = Array.from({ length: 10 }, (_, n) => n)

/** Prepares each operation: what starts it, and what is wrong with its answer, if anything. */
const operations = {
  async hGetAll(client) {
    const keys = named('hash')
    const fields = (n) => Object.fromEntries(ten.map((field) => [`field${field}`, `value ${field} of ${n}`]))
    await fill(count, (n) => client.hSet(keys[n], fields(n)))
    const wanted = keys.map((_, n) => fields(n))
    return {
      start: (n) => client.hGetAll(keys[at(n)]),
      isRight: (n, found) => found.field9 === wanted[at(n)].field9 && found.field0 === wanted[at(n)].field0
    }
  },
  async sMembers(client) {
    const keys = named('set')
    await fill(count, (n) => client.sAdd(keys[n], ten.map((member) => `member ${member} of ${n}`)))
    return { start: (n) => client.sMembers(keys[at(n)]), isRight: (n, found) => found.length === 10 && found[9].endsWith(` of ${at(n)}`) }
  },
  async zAdd(client) {
    const members = named('member')
    return { start: (n) => client.zAdd('bench:z-added', members[at(n)], n), isRight: () => true }
  },
  async zRangeByScore(client) {
    const name = (n) => `member ${n}`
    await fill(10_000, (n) => client.zAdd('bench:z-of-10000', name(n), n))
    const first = (n) => at(n) * 9
    return {
      start: (n) => client.zRangeByScore('bench:z-of-10000', first(n), first(n) + 9),
      isRight: (n, found) => found.length === 10 && found[0] === name(first(n)) && found[9] === name(first(n) + 9)
    }
  },
  async atomic(client) {
    const [counters, hashes, members] = [named('counter'), named('written'), named('member')]
    const keys = counters.map((counter, n) => [counter, hashes[n], 'bench:set-of-names', 'bench:z-of-names'])
    return { start: (n) => client.atomic(keys[at(n)], members[at(n)], n), isRight: (n, isWritten) => isWritten === true }
  }
}

export default async function redis({ client: name, operation, millis, outstanding }) {
  const client = await open(name, 'redis')
  const { start, isRight } = await operations[operation](client)
  const check = (n, found) => {
    if (!isRight(n, found)) wrong(`${operation} ${n}`, JSON.stringify(found), 'what was written')
  }
  const { started, ...result } = await closedLoop({ millis, outstanding, start, check })
  await client.close()
  return result
}
