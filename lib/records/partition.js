'use strict'

const { setTimeout: sleep } = require('node:timers/promises')
const { inspect, types } = require('node:util')

const { pending } = require('../bridge.js')
const { RedKVError, argumentError, described, partialError } = require('../errors.js')
const { isPlain, namesOf, otherThanFields } = require('../fields.js')
const { copyOf } = require('../lists.js')
const { explained, hide } = require('../service.js')
const { abortedWrite, reason, signalOf, untilAborted } = require('../signals.js')
const { changeOf, listingOf, oldIf, versionOf } = require('./arguments.js')
const numbers = require('./numbers.js')
const { withRecord } = require('./record.js')

/** What a partition keeps: its table's functions in the addon. */
const NATIVE = Symbol('partition')

const OF_READ = ['consistent', 'signal']
const OF_WRITE = ['ttl', 'fields', 'keepTtl', 'signal']
const OF_ATOMIC_PUT = ['previous', ...OF_WRITE]
const OF_CHANGE = ['value', 'fields', 'ttl', 'keepTtl']
const OF_UPDATE = ['retries', 'signal']
const OF_LIST = ['limit', 'after', 'reverse', 'consistent', 'localIndex', 'globalIndex', 'signal']

const MODIFIED = 'ERR_REDKV_MODIFIED'
const EXISTS = 'ERR_REDKV_EXISTS'

/** The pauses after conflicts: up to so many milliseconds, twice as many each time. */
const FIRST_PAUSE = 10
const LONGEST_PAUSE = 1000

/** Begins an operation of the addon, until the signal aborts. */
function started(partition, name, signal, aborted, flags, key, ...rest) {
  const begin = () => pending(partition[NATIVE].command(numbers[name], flags, partition.name, key, ...rest))
  return signal === undefined ? begin() : untilAborted(signal, aborted, begin)
}

function checkPartition(partition, name) {
  if (partition?.[NATIVE] !== undefined) return
  throw argumentError('this', `${name}() was called without its object: write partition.${name}(…), or partition.${name}.bind(partition)`)
}

/** Returns what `begin` returns, and rejects with what it throws as the operation `name`. */
function operation(partition, name, begin) {
  try {
    checkPartition(partition, name)
    return begin()
  } catch (error) {
    return Promise.reject(explained(partition, error, name))
  }
}

/** A partition of a table of records. Documented in index.d.ts. */
class Partition {
  constructor(native, name) {
    if (typeof name !== 'string' || name === '') {
      throw argumentError('name', `the name of a partition must be a string that is not empty, got ${name === '' ? 'an empty one' : described(name)}`)
    }
    hide(this, NATIVE, native)
    Object.defineProperty(this, 'name', { value: name, enumerable: true })
  }

  put(key, value, options) {
    return operation(this, 'put', () => {
      const signal = signalOf(options, OF_WRITE)
      const [flags, ...change] = changeOf(value, options)
      return started(this, 'put', signal, abortedWrite('put'), flags, key, ...change)
    })
  }

  get(key, options) {
    return operation(this, 'get', () => {
      const signal = signalOf(options, OF_READ)
      return started(this, 'get', signal, reason, oldIf(options?.consistent), key)
    })
  }

  getMany(keys, options) {
    return operation(this, 'getMany', () => {
      const signal = signalOf(options, OF_READ)
      if (keys === null || typeof keys !== 'object' || typeof keys[Symbol.iterator] !== 'function') {
        throw argumentError('keys', `keys must be an iterable of keys, got ${described(keys)}`)
      }
      const list = copyOf('keys', keys)
      const flags = oldIf(options?.consistent)
      const begin = () => allOf(list, begunAll(list, (key) => started(this, 'get', undefined, reason, flags, key)))
      return signal === undefined ? begin() : untilAborted(signal, reason, begin)
    })
  }

  exists(key, options) {
    return operation(this, 'exists', () => {
      const signal = signalOf(options, OF_READ)
      return started(this, 'exists', signal, reason, oldIf(options?.consistent), key)
    })
  }

  delete(key, options) {
    return operation(this, 'delete', () => started(this, 'delete', signalOf(options, ['signal']), abortedWrite('delete'), 0, key))
  }

  atomicPut(key, value, options) {
    return operation(this, 'atomicPut', () => {
      const signal = signalOf(options, OF_ATOMIC_PUT)
      const previous = options?.previous
      const version = previous === undefined ? undefined : versionOf(previous)
      const [flags, ...change] = changeOf(value, options)
      if (previous !== undefined && isOther(this, key, previous)) return Promise.reject(modified('atomicPut', previous, this))
      return started(this, 'atomicPut', signal, abortedWrite('atomicPut'), flags, key, ...change, version)
    })
  }

  atomicDelete(key, previous, options) {
    return operation(this, 'atomicDelete', () => {
      const signal = signalOf(options, ['signal'])
      const version = versionOf(previous)
      if (isOther(this, key, previous)) return Promise.reject(modified('atomicDelete', previous, this))
      return started(this, 'atomicDelete', signal, abortedWrite('atomicDelete'), 0, key, version)
    })
  }

  async update(key, change, options) {
    try {
      checkPartition(this, 'update')
      const signal = signalOf(options, OF_UPDATE)
      return await updated(this, key, change, retriesOf(options), signal)
    } catch (error) {
      throw explained(this, ofUpdate(error), 'update')
    }
  }

  listPage(prefix, options) {
    return operation(this, 'listPage', () => {
      const signal = signalOf(options, OF_LIST)
      const [flags, ...listing] = listingOf(options)
      return started(this, 'listPage', signal, reason, flags, prefixOf(prefix), ...listing)
    })
  }

  list(prefix, options) {
    try {
      checkPartition(this, 'list')
      const signal = signalOf(options, OF_LIST)
      const { after, ...rest } = ownOf(options, OF_LIST)
      listingOf({ after, ...rest })
      const text = prefixOf(prefix)
      const page = (token) => this.listPage(text, { ...rest, ...(token === undefined ? undefined : { after: token }) })
      return recordsOf(page, after)
    } catch (error) {
      throw explained(this, error, 'list')
    }
  }

  [inspect.custom]() {
    return `Partition(${inspect(this.name)})`
  }
}

/** A copy of options, which may be those of a class or a prototype. */
function ownOf(options, names) {
  const own = {}
  for (const name of names) {
    const value = options?.[name]
    if (value !== undefined) own[name] = value
  }
  return own
}

function prefixOf(prefix) {
  if (prefix === undefined) return ''
  if (typeof prefix === 'string') return prefix
  throw argumentError('prefix', `prefix must be a string, got ${described(prefix)}`)
}

function retriesOf(options) {
  const { retries = 10 } = options ?? {}
  if (Number.isInteger(retries) && retries >= 0 && retries <= 1000) return retries
  throw argumentError('retries', `retries must be a whole number from 0 to 1000, got ${typeof retries === 'number' ? retries : described(retries)}`)
}

/** Says of an error of the reads and writes of `update` that it is one of that. */
function ofUpdate(error) {
  if (error instanceof RedKVError && error.operation !== undefined) error.operation = 'update'
  return error
}

/** Whether a record that was read before is another one than that under `key`. What is no key is refused as such. */
function isOther(partition, key, previous) {
  if (typeof key !== 'string') return false
  return previous.key !== key || previous.partition !== partition.name
}

function modified(name, previous, partition) {
  const isOtherPartition = previous.partition !== partition.name
  const message = `previous is a record of another ${isOtherPartition ? 'partition' : 'key'}`
  const error = new RedKVError(MODIFIED, message, { operation: name })
  return withRecord(error, null)
}

/** Begins the reads of `keys`. Where one is refused all are: nobody hears of the others then. */
function begunAll(keys, begin) {
  const reads = []
  try {
    for (const key of keys) reads.push(begin(key))
    return reads
  } catch (error) {
    for (const read of reads) read.catch(() => {})
    if (error?.code === 'ERR_REDKV_ARGUMENT') error.operation = 'getMany'
    throw error
  }
}

/** Waits for the records under `keys`, and rejects if some cannot be read. */
async function allOf(keys, reads) {
  const results = await Promise.allSettled(reads)
  if (results.every(({ status }) => status === 'fulfilled')) return results.map(({ value }) => value)
  const values = results.map(({ value }) => value)
  throw partialError('getMany', keys, values, results.map(({ reason: failure }) => failure))
}

/** Reads, changes and writes a record until nobody came between. */
async function updated(partition, key, change, retries, signal) {
  if (typeof change !== 'function') throw argumentError('change', `change must be a function, got ${described(change)}`)
  const options = signal === undefined ? undefined : { signal }
  let record = await partition.get(key, options)
  for (let conflicts = 0; ; conflicts += 1) {
    const changed = await changedBy(change, record, signal)
    if (changed === undefined) return record
    const { value, ...rest } = changeIn(changed)
    try {
      return await partition.atomicPut(key, value, { ...options, ...rest, ...(record === null ? undefined : { previous: record }) })
    } catch (error) {
      if (error?.code !== MODIFIED && error?.code !== EXISTS) throw error
      if (conflicts === retries) throw contended(conflicts + 1, error)
    }
    await pause(Math.random() * Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(conflicts, 10)), signal)
    // Read anew: a write during the pause would make what the conflict has shown old, and the next try in vain.
    record = await partition.get(key, options)
  }
}

/** What `change` makes of a record. Nobody waits for it once the signal has aborted, and nothing is written then. */
function changedBy(change, record, signal) {
  if (signal === undefined) return change(record)
  return untilAborted(signal, reason, async () => change(record))
}

/** Waits for so many milliseconds, or until the signal aborts: nothing was written that could be in doubt. */
async function pause(milliseconds, signal) {
  try {
    await sleep(milliseconds, undefined, { signal })
  } catch {
    throw reason(signal)
  }
}

/** What a function of `update` has returned, as value and options of a write. */
function changeIn(changed) {
  if (typeof changed === 'string' || ArrayBuffer.isView(changed)) return { value: changed }
  const other = otherThanChange(changed)
  if (other !== undefined) {
    throw argumentError('change', `change must return a string, a Uint8Array, { ${OF_CHANGE.join(', ')} } or undefined, got ${other}`)
  }
  for (const name of namesOf(changed)) {
    if (!OF_CHANGE.includes(name)) throw argumentError('change', `change returned '${name}', which is none of { ${OF_CHANGE.join(', ')} }`)
  }
  return ownOf(changed, OF_CHANGE)
}

/** What it is, in words, where it says nothing of a change: to write it would lose what was meant. */
function otherThanChange(changed) {
  if (changed === null || typeof changed !== 'object') return described(changed)
  if (Array.isArray(changed)) return 'an array'
  if (types.isAnyArrayBuffer(changed)) return 'an ArrayBuffer'
  const saysNothing = !isPlain(changed) && !OF_CHANGE.some((name) => name in changed)
  return otherThanFields(changed) ?? (saysNothing ? described(changed) : undefined)
}

function contended(tries, cause) {
  const message = `others wrote the record each of the ${tries} times`
  const error = new RedKVError(MODIFIED, message, { operation: 'update', store: cause.store, retryable: true, cause })
  return withRecord(error, cause.record)
}

/** All records of a list, a page ahead of who reads them. */
async function* recordsOf(page, after) {
  let ahead = page(after)
  // Who stops reading does not wait for it.
  ahead.catch(() => {})
  for (;;) {
    const { records, next } = await ahead
    if (next !== null) {
      ahead = page(next)
      ahead.catch(() => {})
    }
    yield* records
    if (next === null) return
  }
}

module.exports = { Partition }
