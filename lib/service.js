'use strict'

// What data structures and records have in common: they are services with a table, policies and an end.

const { EventEmitter } = require('node:events')
const { inspect } = require('node:util')

const { pending } = require('./bridge.js')
const { argumentError, checkOptions } = require('./errors.js')
const { nextId, register } = require('./events.js')
const { toJson } = require('./options.js')
const { reason, signalOf, untilAborted } = require('./signals.js')
const { fromCaller } = require('./stacks.js')
const { warn } = require('./warnings.js')

/** What a service keeps: the functions of the addon, and what it is called. */
const STATE = Symbol('service')

function hide(object, name, value) {
  Object.defineProperty(object, name, { value, writable: true })
}

/** Returns what an object keeps: `const { close } = db` leaves `db` behind. */
function stateOf(object, name) {
  const state = object?.[STATE]
  if (state !== undefined) return state
  const error = argumentError('this', `${name}() was called without its object: write db.${name}(), or db.${name}.bind(db)`)
  throw Object.assign(error, { operation: name })
}

function statsOf({ native, stores, name }) {
  const stats = { store: stores[0], ...JSON.parse(native.stats()) }
  return name === undefined ? stats : { name, ...stats }
}

/** Returns the promise of `name`, which takes no options but a signal. */
async function begun(object, name, options, begin) {
  try {
    const { native } = stateOf(object, name)
    const signal = signalOf(options, ['signal'])
    if (signal === undefined) return pending(begin(native))
    return untilAborted(signal, reason, () => pending(begin(native)))
  } catch (error) {
    throw explained(object, error, name)
  }
}

/** Returns the error of `name` with the stack of who called it. */
function explained(object, error, name) {
  // What a function of the caller threw may be frozen.
  if (!Object.isExtensible(error)) return error
  if (error?.code === 'ERR_REDKV_ARGUMENT') error.operation ??= name
  return fromCaller(error, object?.[name])
}

/** What a service begins with: `create` makes it, and `numbers` learns the numbers of its operations. */
function begunWith(Class, create, numbers, [name, options, policy]) {
  try {
    const id = nextId()
    const [native, store, warnings, operations] = create(id, name, toJson(options), toJson(policy))
    operations.forEach((operation, number) => (numbers[operation] = number))
    if (warnings.length > 0) warn(warnings.join('\n'))
    return { id, native, store }
  } catch (error) {
    throw fromCaller(error, Class)
  }
}

/** A service: what is the same for all of them. */
class Service extends EventEmitter {
  /** `args` are the name of a backend, its options, and a policy. */
  constructor(create, numbers, args) {
    const { id, native, store } = begunWith(new.target, create, numbers, args)
    super()
    hide(this, STATE, { native, id, flags: 0, name: args[2]?.name, stores: [store], isClosed: false })
    register(id, this, this[STATE])
  }

  ready(options) {
    return begun(this, 'ready', options, (native) => native.ready())
  }

  stats() {
    return statsOf(stateOf(this, 'stats'))
  }

  async close(options) {
    try {
      const state = stateOf(this, 'close')
      if (options !== undefined) checkOptions(options, ['timeout'])
      const closing = pending(state.native.close(options?.timeout))
      state.isClosed = true
      return closing
    } catch (error) {
      throw explained(this, error, 'close')
    }
  }

  [Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose')]() {
    return this.close()
  }

  [inspect.custom]() {
    const { stores, isClosed } = this[STATE]
    return `${this.constructor.name}(${stores[0]}${isClosed ? ', closed' : ''})`
  }
}

// Reports of requests cost something, so they begin with the first listener.
for (const name of ['on', 'addListener', 'prependListener']) {
  const add = EventEmitter.prototype[name]
  const value = function (event, listener) {
    if (event === 'request') stateOf(this, name).native.observe()
    return add.call(this, event, listener)
  }
  Object.defineProperty(Service.prototype, name, { value, writable: true, configurable: true })
}

module.exports = { STATE, Service, begun, explained, hide, stateOf, statsOf }
