'use strict'

const { EventEmitter } = require('node:events')
const { inspect } = require('node:util')

const { create, pending } = require('./lib/crossing.js')
const { RedKVError, argumentError, checkOptions, described } = require('./lib/errors.js')
const { nextId, register } = require('./lib/events.js')
const { withOperations } = require('./lib/operations.js')
const { metricsOf } = require('./lib/metrics.js')
const { toJson } = require('./lib/options.js')
const { abortedWrite, reason, signalOf, untilAborted } = require('./lib/signals.js')

const warned = new Set()

/** A warning about an option is worth telling once a process. */
function warn(text) {
  if (warned.has(text)) return
  warned.add(text)
  process.emitWarning(text, 'RedKVWarning')
}

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

/** One store of a chain, with the operations that act on it alone. Made by `addStore`. */
class Store extends withOperations(Object) {
  #native
  #place

  constructor(native, place, name) {
    super(native.operations(place))
    this.#native = native
    this.#place = place
    Object.defineProperty(this, 'name', { value: name, enumerable: true })
  }

  ready(options) {
    return begun('ready', options, () => this.#native.ready(this.#place))
  }

  flush(options) {
    return begun('flush', options, () => this.#native.flush(this.#place))
  }

  keys(options) {
    return keysOf(this.#native, this.#place, options)
  }

  clear(options) {
    return begun('clear', options, () => this.#native.clear(this.#place))
  }

  stats() {
    return JSON.parse(this.#native.stats(this.#place))
  }

  [inspect.custom]() {
    return `Store(${this.name})`
  }
}

/** A chain of stores. Documented in index.d.ts. */
class RedKV extends withOperations(EventEmitter) {
  #native
  #id
  #stores = []
  #isClosed = false
  #endMetrics

  constructor(options) {
    const id = nextId()
    const metrics = metricsOf(options)
    const native = create(id, toJson(options, 'onMetrics'))
    super(native.operations())
    this.#native = native
    this.#id = id
    register(id, this, this.#stores)
    this.#endMetrics = metrics.begin(this, native.metricsInterval())
  }

  addStore(name, clientOptions, tierOptions) {
    const isChain = typeof name === 'object' && name !== null && #id in name
    // A number would be taken for that of a chain.
    const what = isChain ? name.#id : typeof name === 'number' ? undefined : name
    const [place, ownName, warnings] = this.#native.addStore(what, toJson(clientOptions), toJson(tierOptions))
    warnings.forEach(warn)
    const store = new Store(this.#native, place, ownName)
    this.#stores.push(store.name)
    return store
  }

  ready(options) {
    return begun('ready', options, () => this.#native.ready())
  }

  flush(options) {
    return begun('flush', options, () => this.#native.flush())
  }

  keys(options) {
    return keysOf(this.#native, undefined, options)
  }

  clear(options) {
    return begun('clear', options, () => this.#native.clear())
  }

  stats() {
    return JSON.parse(this.#native.stats())
  }

  async close(options) {
    if (options !== undefined) checkOptions(options, ['timeout'])
    const closing = pending(this.#native.close(options?.timeout))
    this.#isClosed = true
    this.#endMetrics()
    return closing
  }

  [Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose')]() {
    return this.close()
  }

  [inspect.custom]() {
    const names = this.#stores.join(' > ')
    return `RedKV(${names}${this.#isClosed ? ', closed' : ''})`
  }
}

module.exports = RedKV
module.exports.RedKV = RedKV
module.exports.RedKVError = RedKVError
