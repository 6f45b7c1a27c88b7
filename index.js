'use strict'

const { EventEmitter } = require('node:events')
const { inspect } = require('node:util')

const { create, pending } = require('./lib/crossing.js')
const { RedKVError, checkOptions } = require('./lib/errors.js')
const { nextId, register } = require('./lib/events.js')
const { withOperations } = require('./lib/operations.js')
const { toJson } = require('./lib/options.js')
const { reason, signalOf, untilAborted } = require('./lib/signals.js')

const warned = new Set()

/** A warning about an option is worth telling once a process. */
function warn(text) {
  if (warned.has(text)) return
  warned.add(text)
  process.emitWarning(text, 'RedKVWarning')
}

/** Waits for stores: `begin` answers with a promise of that. */
async function waiting(options, begin) {
  const signal = signalOf(options, ['signal'])
  return signal === undefined ? begin() : untilAborted(signal, reason, begin)
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
    return waiting(options, () => pending(this.#native.ready(this.#place)))
  }

  flush(options) {
    return waiting(options, () => pending(this.#native.flush(this.#place)))
  }

  [inspect.custom]() {
    return `Store(${this.name})`
  }
}

/** A chain of stores. Documented in index.d.ts. */
class RedKV extends withOperations(EventEmitter) {
  #native
  #stores = []
  #isClosed = false

  constructor(options) {
    const id = nextId()
    const native = create(id, toJson(options))
    super(native.operations())
    this.#native = native
    register(id, this, this.#stores)
  }

  addStore(name, clientOptions, tierOptions) {
    const [place, warnings] = this.#native.addStore(name, toJson(clientOptions), toJson(tierOptions))
    warnings.forEach(warn)
    const store = new Store(this.#native, place, name.toLowerCase())
    this.#stores.push(store.name)
    return store
  }

  ready(options) {
    return waiting(options, () => pending(this.#native.ready()))
  }

  flush(options) {
    return waiting(options, () => pending(this.#native.flush()))
  }

  async close(options) {
    if (options !== undefined) checkOptions(options, ['timeout'])
    const closing = pending(this.#native.close(options?.timeout))
    this.#isClosed = true
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
