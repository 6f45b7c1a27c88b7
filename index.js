'use strict'

const { EventEmitter } = require('node:events')
const { inspect } = require('node:util')

const { create, pending } = require('./lib/crossing.js')
const { RedKVError, argumentError, checkOptions, described } = require('./lib/errors.js')
const { nextId, register } = require('./lib/events.js')
const { hide, withOperations } = require('./lib/operations.js')
const { metricsOf } = require('./lib/metrics.js')
const { toJson } = require('./lib/options.js')
const { abortedWrite, reason, signalOf, untilAborted } = require('./lib/signals.js')
const { warn } = require('./lib/warnings.js')

/** The promise of `operation`, in the slot that `begin` answers with. */
async function begun(operation, options, begin) {
  const signal = signalOf(options, ['signal'])
  if (signal === undefined) return pending(begin())
  return untilAborted(signal, operation === 'clear' ? abortedWrite(operation) : reason, () => pending(begin()))
}

/** The keys of a chain, or of its store at `place`, page by page as they are asked for. */
function keysOf(native, place, options) {
  const signal = signalOf(options, ['prefix', 'signal'])
  const prefix = options?.prefix
  if (prefix !== undefined && typeof prefix !== 'string') {
    throw argumentError('prefix', `prefix must be a string, got ${described(prefix)}`)
  }
  return tellKeys((after) => {
    const ask = () => pending(native.keys(place, prefix, after))
    return signal === undefined ? ask() : untilAborted(signal, reason, ask)
  })
}

async function* tellKeys(pageAfter) {
  let after
  do {
    const [keys, next] = await pageAfter(after)
    yield* keys
    after = next
  } while (after !== undefined)
}

/** What instances and their stores keep: under symbols, as a private field is not there behind a Proxy. */
const CHAIN = Symbol('chain')
const STORE = Symbol('store')

/** One store of a chain, with the operations that act on it alone. Made by `addStore`. */
class Store extends withOperations(Object) {
  constructor(native, place, name) {
    super(native.operations(place))
    hide(this, STORE, { native, place })
    Object.defineProperty(this, 'name', { value: name, enumerable: true })
  }

  ready(options) {
    return begun('ready', options, () => this[STORE].native.ready(this[STORE].place))
  }

  flush(options) {
    return begun('flush', options, () => this[STORE].native.flush(this[STORE].place))
  }

  keys(options) {
    return keysOf(this[STORE].native, this[STORE].place, options)
  }

  clear(options) {
    return begun('clear', options, () => this[STORE].native.clear(this[STORE].place))
  }

  stats() {
    return JSON.parse(this[STORE].native.stats(this[STORE].place))
  }

  [inspect.custom]() {
    return `Store(${this.name})`
  }
}

/** A chain of stores. Documented in index.d.ts. */
class RedKV extends withOperations(EventEmitter) {
  constructor(options) {
    const id = nextId()
    const metrics = metricsOf(options)
    const native = create(id, toJson(options, 'onMetrics'))
    super(native.operations())
    const state = { native, id, stores: [], isClosed: false, endMetrics: undefined }
    hide(this, CHAIN, state)
    register(id, this, state.stores)
    state.endMetrics = metrics.begin(this, native.metricsInterval())
  }

  addStore(name, clientOptions, tierOptions) {
    const chain = typeof name === 'object' && name !== null ? name[CHAIN] : undefined
    // A number would be taken for that of a chain.
    const what = chain !== undefined ? chain.id : typeof name === 'number' ? undefined : name
    const [place, ownName, warnings] = this[CHAIN].native.addStore(what, toJson(clientOptions), toJson(tierOptions))
    warnings.forEach(warn)
    const store = new Store(this[CHAIN].native, place, ownName)
    this[CHAIN].stores.push(store.name)
    return store
  }

  ready(options) {
    return begun('ready', options, () => this[CHAIN].native.ready())
  }

  flush(options) {
    return begun('flush', options, () => this[CHAIN].native.flush())
  }

  keys(options) {
    return keysOf(this[CHAIN].native, undefined, options)
  }

  clear(options) {
    return begun('clear', options, () => this[CHAIN].native.clear())
  }

  stats() {
    return JSON.parse(this[CHAIN].native.stats())
  }

  async close(options) {
    if (options !== undefined) checkOptions(options, ['timeout'])
    const closing = pending(this[CHAIN].native.close(options?.timeout))
    this[CHAIN].isClosed = true
    this[CHAIN].endMetrics()
    return closing
  }

  [Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose')]() {
    return this.close()
  }

  [inspect.custom]() {
    const names = this[CHAIN].stores.join(' > ')
    return `RedKV(${names}${this[CHAIN].isClosed ? ', closed' : ''})`
  }
}

module.exports = RedKV
module.exports.RedKV = RedKV
module.exports.RedKVError = RedKVError
