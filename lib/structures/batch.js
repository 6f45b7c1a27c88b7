'use strict'

const { RedKVError, argumentError } = require('../errors.js')
const { StructureOperations } = require('./operations.js')

const UNKNOWN = 'unknown'
const NOT_APPLIED = 'not-applied'

/** The state of a batch. */
const QUEUE = Symbol('batch')

/** Operations that are sent together. Documented in index.d.ts. */
class Batch {
  constructor(object) {
    Object.defineProperty(this, QUEUE, { value: { object, calls: [], isSent: false } })
  }

  async exec() {
    const queue = this[QUEUE]
    if (queue.isSent) throw argumentError('this', 'exec() was called before: a batch is sent once')
    queue.isSent = true
    const { calls } = queue
    const results = await Promise.allSettled(calls.map(({ begin }) => begin()))
    const failures = new Map()
    results.forEach(({ status, reason }, index) => {
      if (status === 'rejected') failures.set(String(index), reason)
    })
    if (failures.size > 0) throw partialError(failures, calls.length)
  }
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
  return function (...args) {
    const { object, calls, isSent } = this[QUEUE]
    if (isSent) return Promise.reject(argumentError('this', `${name}() was called after exec(): a batch is sent once`))
    const promise = new Promise((resolve, reject) => {
      const begin = () => {
        const operation = object[name](...args)
        operation.then(resolve, reject)
        return operation
      }
      calls.push({ begin })
    })
    // Who does not wait for it hears of a failure by exec().
    promise.catch(() => {})
    return promise
  }
}

for (const name of Object.getOwnPropertyNames(StructureOperations.prototype)) {
  if (name === 'constructor' || name.endsWith('Iterate')) continue
  const method = queued(name)
  Object.defineProperty(method, 'name', { value: name })
  Object.defineProperty(Batch.prototype, name, { value: method, writable: true, configurable: true })
}

module.exports = { Batch }
