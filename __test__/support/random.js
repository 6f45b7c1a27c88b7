'use strict'

const assert = require('node:assert/strict')
const { setImmediate: turn } = require('node:timers/promises')

/** Numbers that a seed determines: `random(n)` is a whole number below `n`. */
function randomFrom(seed) {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

/** What was written under one key, in the order of the calls: a value, or `null` for a delete. */
class History {
  #written = [null]

  constructor(key) {
    this.key = key
  }

  write(value) {
    this.#written.push(value)
  }

  /** A read begins: answers with how to check what it brings, which is the last write or one called since. */
  reading() {
    const from = this.#written.length - 1
    return (read) => {
      const allowed = this.#written.slice(from)
      assert.ok(allowed.includes(read), `${this.key} read as ${read}, but since the call it was ${allowed.join(', ')}`)
    }
  }

  /** As `reading`, for whether there is a value. */
  asking() {
    const check = this.reading()
    const from = this.#written.length - 1
    return (has) => (has ? assert.ok(this.#written.slice(from).some((value) => value !== null), this.key) : check(null))
  }

  get last() {
    return this.#written.at(-1)
  }
}

/** Operations on a chain, each of which checks its own answer against the histories. */
function operations(kv, caches, histories, random) {
  let writes = 0
  const one = () => histories[random(histories.length)]
  const some = () => Array.from({ length: 1 + random(8) }, one)
  const write = (history) => {
    writes += 1
    history.write(`value ${writes}`)
    return [history.key, history.last]
  }
  const each = (checks) => (answers) => checks.forEach((check, index) => check(answers[index]))
  const keysOf = (list) => list.map((history) => history.key)
  return [
    () => {
      const history = one()
      return kv.get(history.key).then(history.reading())
    },
    () => {
      const history = one()
      const check = history.reading()
      return kv.getBuffer(history.key).then((bytes) => check(bytes && bytes.toString()))
    },
    () => {
      const history = one()
      return kv.has(history.key).then(history.asking())
    },
    () => {
      const list = some()
      return kv.getMany(keysOf(list)).then(each(list.map((history) => history.reading())))
    },
    () => {
      const list = some()
      return kv.hasMany(keysOf(list)).then(each(list.map((history) => history.asking())))
    },
    () => kv.set(...write(one())),
    () => kv.setMany(some().map(write)),
    () => {
      const history = one()
      history.write(null)
      return kv.delete(history.key)
    },
    () => {
      const list = some()
      list.forEach((history) => history.write(null))
      return kv.deleteMany(keysOf(list))
    },
    // What a cache forgets changes nothing.
    () => caches[random(caches.length)].delete(one().key),
  ]
}

/**
 * Makes `count` random operations at once and one after the other, and checks that every read brings what was last
 * written when it was called, or something newer. The seed is printed; `REDKV_TEST_SEED` makes it happen again.
 */
async function randomOperations(t, [kv, ...stores], count) {
  const seed = Number(process.env.REDKV_TEST_SEED ?? Math.floor(Math.random() * 2 ** 32))
  t.diagnostic(`REDKV_TEST_SEED=${seed}`)
  const random = randomFrom(seed)
  const histories = Array.from({ length: 40 }, (_, index) => new History(`key-${index}`))
  const possible = operations(kv, stores.slice(0, -1), histories, random)
  let open = []
  for (let done = 0; done < count; ) {
    const burst = Math.min(1 + random(60), count - done)
    for (let n = 0; n < burst; n += 1) open.push(possible[random(possible.length)]())
    done += burst
    if (random(3) === 0) await turn()
    if (open.length > 400) {
      await Promise.all(open)
      open = []
    }
  }
  await Promise.all(open)
  const keys = histories.map((history) => history.key)
  const last = histories.map((history) => history.last)
  assert.deepEqual(await kv.getMany(keys), last)
  assert.deepEqual(await stores.at(-1).getMany(keys), last)
}

module.exports = { randomOperations }
