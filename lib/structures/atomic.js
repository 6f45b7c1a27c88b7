'use strict'

const { pending } = require('../bridge.js')
const { argumentError, described } = require('../errors.js')
const { abortedWrite, signalOf, untilAborted } = require('../signals.js')
const { fromCaller } = require('../stacks.js')
const { isHashOfFields, kept, listOf, pairsOf } = require('./arguments.js')
const numbers = require('./numbers.js')

/** The state of an atomic write. */
const WRITES = Symbol('atomicWrite')

const name = 'atomicWrite'

/** Writes that are made together or not at all. Documented in index.d.ts. */
class AtomicWrite {
  constructor({ native, changed }) {
    Object.defineProperty(this, WRITES, { value: { native, changed, writes: [], handles: [], isSent: false } })
  }

  set(key, value) {
    return queue(this, 'set', key, value)
  }

  setNX(key, value) {
    return queue(this, 'setNX', key, value)
  }

  setXX(key, value) {
    return queue(this, 'setXX', key, value)
  }

  setEQ(key, value, expected) {
    return queue(this, 'setEQ', key, value, expected)
  }

  delete(key) {
    return queue(this, 'delete', key)
  }

  deleteXX(key) {
    return queue(this, 'deleteXX', key)
  }

  incrBy(key, by = 1) {
    return queue(this, 'incrBy', key, by)
  }

  zAdd(key, member, score) {
    return queue(this, 'zAdd', key, member, score)
  }

  zAddNX(key, member, score) {
    return queue(this, 'zAddNX', key, member, score)
  }

  zRem(key, member) {
    return queue(this, 'zRem', key, member)
  }

  zhAdd(key, field, member, score) {
    return queue(this, 'zhAdd', key, field, member, score)
  }

  zhRem(key, field) {
    return queue(this, 'zhRem', key, field)
  }

  sAdd(key, members) {
    return queueList(this, 'sAdd', key, 'members', members)
  }

  sRem(key, members) {
    return queueList(this, 'sRem', key, 'members', members)
  }

  hSet(key, field, value) {
    if (!isHashOfFields(field)) return queue(this, 'hSet', key, field, value)
    try {
      return queue(this, 'hSet', key, pairsOf(field))
    } catch (error) {
      throw explained(this, error, 'hSet')
    }
  }

  hSetNX(key, field, value) {
    return queue(this, 'hSetNX', key, field, value)
  }

  hDel(key, fields) {
    return queueList(this, 'hDel', key, 'fields', fields)
  }

  async exec(options) {
    try {
      const state = stateOf(this, 'exec')
      const signal = signalOf(options, ['retries', 'signal'])
      const retries = retriesOf(options)
      state.isSent = true
      const { native, changed, writes } = state
      const begin = () => pending(native.atomicWrite(retries, writes))
      const sent = signal === undefined ? begin() : untilAborted(signal, abortedWrite(name), begin)
      return ended(state, await (changed === undefined ? sent : changed(sent, writes.map(([, key]) => key))))
    } catch (error) {
      if (error?.code === 'ERR_REDKV_ARGUMENT') error.operation ??= name
      throw fromCaller(error, AtomicWrite.prototype.exec)
    }
  }
}

/** Returns the state of an atomic write that was not sent. */
function stateOf(object, method) {
  const state = object?.[WRITES]
  if (state === undefined) throw argumentError('this', `${method}() was called without its object: write atomicWrite.${method}(…)`)
  if (!state.isSent) return state
  const before = method === 'exec' ? 'before' : 'after exec()'
  throw argumentError('this', `${method}() was called ${before}: an atomic write is sent once`)
}

function retriesOf(options) {
  const retries = options?.retries
  if (retries === undefined || (Number.isInteger(retries) && retries >= 0 && retries <= 100)) return retries
  throw argumentError('retries', `retries must be a whole number from 0 to 100, got ${described(retries)}`)
}

/** Adds a write, and returns what tells whether its condition failed. */
function queue(object, operation, ...args) {
  try {
    const { writes, handles } = stateOf(object, operation)
    writes.push([numbers[operation], ...args.map(kept)])
    const handle = { conditionalFailed: false }
    handles.push(handle)
    return handle
  } catch (error) {
    throw explained(object, error, operation)
  }
}

/** Adds a write with one element or a list of them. */
function queueList(object, operation, key, field, elements) {
  try {
    return queue(object, operation, key, listOf(field, elements))
  } catch (error) {
    throw explained(object, error, operation)
  }
}

/** Returns the error of a write that was not queued, with the stack of who called. */
function explained(object, error, operation) {
  if (error?.code === 'ERR_REDKV_ARGUMENT') error.operation ??= operation
  return fromCaller(error, AtomicWrite.prototype[operation])
}

/** Returns whether it was written, and leaves with each write whether its condition failed. */
function ended({ handles }, committed) {
  if (committed === true) return true
  committed.forEach((failed, index) => {
    handles[index].conditionalFailed = failed
  })
  return false
}

module.exports = { AtomicWrite }
