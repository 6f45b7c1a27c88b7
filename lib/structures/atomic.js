'use strict'

const { pending } = require('../bridge.js')
const { argumentError, described } = require('../errors.js')
const { abortedWrite, reason, signalOf, untilAborted } = require('../signals.js')
const { fromCaller } = require('../stacks.js')
const { isHashOfFields, kept, listOf, pairsOf } = require('./arguments.js')
const numbers = require('./numbers.js')

/** The state of an atomic write. */
const WRITES = Symbol('atomicWrite')

const name = 'atomicWrite'

/** Writes that are made together or not at all. Documented in index.d.ts. */
class AtomicWrite {
  constructor({ native, watch }) {
    Object.defineProperty(this, WRITES, { value: { native, watch, writes: [], handles: [], isSent: false } })
  }

  async exec(options) {
    try {
      const state = stateOf(this, 'exec')
      const signal = signalOf(options, ['retries', 'signal'])
      const retries = retriesOf(options)
      if (signal?.aborted) throw reason(signal)
      state.isSent = true
      const { native, watch, writes } = state
      const { changed } = watch
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

/** What each write takes after the key. */
const parameters = {
  set: ['value'],
  setNX: ['value'],
  setXX: ['value'],
  setEQ: ['value', 'expected'],
  delete: [],
  deleteXX: [],
  incrBy: ['by'],
  zAdd: ['member', 'score'],
  zAddNX: ['member', 'score'],
  zRem: ['member'],
  zhAdd: ['field', 'member', 'score'],
  zhRem: ['field'],
  sAdd: ['members'],
  sRem: ['members'],
  hSet: ['field', 'value'],
  hSetNX: ['field', 'value'],
  hDel: ['fields'],
}

/** The parameters that are one element or a list of them. */
const LISTS = ['members', 'fields']

/** Returns the arguments of a write after the key, as the addon takes them. */
function argumentsOf(operation, args) {
  const names = parameters[operation]
  const isOfFields = operation === 'hSet' && isHashOfFields(args[0])
  const most = isOfFields ? 1 : names.length
  if (args.length > most) {
    const takes = ['key', ...(isOfFields ? ['fields'] : names)].join(', ')
    const list = LISTS.includes(names[0]) ? `; several ${names[0]} are given as a list` : ''
    throw argumentError('arguments', `${operation}() of an atomic write takes (${takes}), got ${args.length - most} more${list}`)
  }
  if (isOfFields) return [pairsOf(args[0])]
  if (LISTS.includes(names[0])) return [listOf(names[0], args[0])]
  return operation === 'incrBy' && args.length === 0 ? [1] : args
}

/** Returns what adds a write, and returns what tells whether its condition failed. */
function queuing(operation) {
  return function queue(key, ...args) {
    try {
      const { writes, handles } = stateOf(this, operation)
      writes.push([numbers[operation], ...[key, ...argumentsOf(operation, args)].map(kept)])
      const handle = { conditionalFailed: false }
      handles.push(handle)
      return handle
    } catch (error) {
      throw explained(this, error, operation)
    }
  }
}

for (const name of Object.keys(parameters)) {
  const method = queuing(name)
  Object.defineProperty(method, 'name', { value: name })
  Object.defineProperty(AtomicWrite.prototype, name, { value: method, writable: true, configurable: true })
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
