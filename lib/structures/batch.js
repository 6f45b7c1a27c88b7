'use strict'

const { RedKVError, argumentError } = require('../errors.js')
const { fromCaller, fromNoted, noteCaller, noteOne } = require('../stacks.js')
const { warn } = require('../warnings.js')
const { isHashOfFields, kept, pairsOf } = require('./arguments.js')
const { StructureOperations } = require('./operations.js')

const UNKNOWN = 'unknown'
const NOT_APPLIED = 'not-applied'

/** The state of a batch. */
const QUEUE = Symbol('batch')

let isWarned = false

/** Warns of a batch that was dropped before it was sent. What it knows of one must not lead to its promises. */
const dropped = new FinalizationRegistry((life) => {
  if (life.isSent || isWarned) return
  isWarned = true
  warn(`a batch with ${life.first}() in it was dropped without exec(): nothing of it was sent, and its promises never settle`)
})

/** Operations that are sent together. Documented in index.d.ts. */
class Batch {
  constructor(object) {
    Object.defineProperty(this, QUEUE, { value: { object, calls: [], life: { first: undefined, isSent: false } } })
  }

  async exec(...args) {
    try {
      const { calls } = begun(this, args)
      const sent = noteOne(Batch.prototype.exec)
      return await ended(calls.map((begin) => begin(sent)))
    } catch (error) {
      throw explained(error, 'batch', Batch.prototype.exec)
    }
  }
}

function queueOf(object, name) {
  const queue = object?.[QUEUE]
  if (queue === undefined) throw argumentError('this', `${name}() was called without its object: write batch.${name}(…)`)
  if (queue.life.isSent) throw argumentError('this', `${name}() was called after exec(): a batch is sent once`)
  return queue
}

function begun(batch, args) {
  const queue = queueOf(batch, 'exec')
  if (args.some((arg) => arg !== undefined)) {
    throw argumentError('options', 'exec() of a batch takes no options: each operation has its own')
  }
  queue.life.isSent = true
  return queue
}

/** Waits for all operations, and rejects if some failed. */
async function ended(operations) {
  const results = await Promise.allSettled(operations)
  const failures = new Map()
  results.forEach(({ status, reason }, index) => {
    if (status === 'rejected') failures.set(String(index), reason)
  })
  if (failures.size > 0) throw partialError(failures, operations.length)
}

function partialError(failures, count) {
  const all = [...failures.values()]
  const message = `${failures.size} of ${count} operations of the batch failed; the first error: ${all[0]?.message}`
  return new RedKVError('ERR_REDKV_PARTIAL', message, {
    operation: 'batch',
    retryable: all.every((error) => error?.retryable === true),
    outcome: all.some((error) => error?.outcome === UNKNOWN) ? UNKNOWN : NOT_APPLIED,
    cause: all[0],
    errors: failures,
  })
}

/** Returns what queues a call of `name`, whose promise is settled after `exec()`. */
function queued(name) {
  return function queuing(...args) {
    try {
      const { object, calls, life } = queueOf(this, name)
      const begin = beginning(object, name, args, queuing)
      const noted = noteCaller(queuing)
      const promise = new Promise((resolve, reject) => {
        calls.push((sent) => {
          const operation = begin()
          operation.then(resolve, (error) => reject(fromNoted(error, noted ?? sent)))
          return operation
        })
      })
      if (life.first === undefined) {
        life.first = name
        dropped.register(this, life)
      }
      // Who does not wait for it hears of a failure by exec().
      promise.catch(() => {})
      return promise
    } catch (error) {
      return Promise.reject(explained(error, name, queuing))
    }
  }
}

/** Returns what begins an operation with its arguments as they are now. */
function beginning(object, name, args, called) {
  try {
    const own = args.map(kept)
    if (name === 'hSet' && isHashOfFields(args[1])) own[1] = entriesOf(args[1])
    return () => object[name](...own)
  } catch (error) {
    const explanation = explained(error, name, called)
    return () => Promise.reject(explanation)
  }
}

function explained(error, operation, called) {
  if (error?.code === 'ERR_REDKV_ARGUMENT') error.operation ??= operation
  return fromCaller(error, called)
}

/** Returns the pairs of a hash, which stay as they are. */
function entriesOf(fields) {
  const flat = pairsOf(fields).map(kept)
  return Array.from({ length: flat.length / 2 }, (_, index) => [flat[2 * index], flat[2 * index + 1]])
}

for (const name of Object.getOwnPropertyNames(StructureOperations.prototype)) {
  if (name === 'constructor' || name.endsWith('Iterate')) continue
  const method = queued(name)
  Object.defineProperty(method, 'name', { value: name })
  Object.defineProperty(Batch.prototype, name, { value: method, writable: true, configurable: true })
}

module.exports = { Batch }
