'use strict'

const { EventEmitter } = require('node:events')
const { inspect } = require('node:util')

const { create, pending } = require('./lib/bridge.js')
const { RedKVError, argumentError, checkOptions, described } = require('./lib/errors.js')
const { nextId, register } = require('./lib/events.js')
const { hide, withOperations } = require('./lib/operations.js')
const { acquired, releaseAll } = require('./lib/leases/lease.js')
const { metricsOf } = require('./lib/metrics.js')
const { toJson } = require('./lib/options.js')
const { abortedWrite, reason, signalOf, untilAborted } = require('./lib/signals.js')
const { Records } = require('./lib/records/records.js')
const { ID, Structures } = require('./lib/structures/structures.js')
const { fromCaller } = require('./lib/stacks.js')
const { warn } = require('./lib/warnings.js')

/** The folder of this copy of the package. A bundle that is an ES module has no `__dirname`. */
const home = typeof __dirname === 'string' ? __dirname : 'a bundle'

/** Returns the promise of `operation`, in the slot that `begin` returns. */
async function begun(called, options, begin) {
  try {
    const signal = signalOf(options, ['signal'])
    if (signal === undefined) return pending(begin())
    return untilAborted(signal, reason, () => pending(begin()))
  } catch (error) {
    throw explained(error, called)
  }
}

/** Returns the promise of a `clear`, which deletes no further when its signal aborts. */
async function cleared(called, options, target) {
  try {
    const { native, index } = target()
    const signal = signalOf(options, ['signal'])
    if (signal === undefined) return pending(native.clear(index))
    let slot
    const stopped = () => {
      native.stopClear(slot)
      return abortedWrite('clear')(signal)
    }
    return untilAborted(signal, stopped, () => pending((slot = native.clear(index))))
  } catch (error) {
    throw explained(error, called)
  }
}

/** Returns the error that kept `called` from beginning. */
function explained(error, called) {
  if (error?.code === 'ERR_REDKV_ARGUMENT') error.operation ??= called.name
  return fromCaller(error, called)
}

/** The statistics of a chain, or of a store. */
function statsOf(called, target) {
  try {
    const { native, index, name } = target()
    const stats = JSON.parse(native.stats(index))
    return name === undefined ? stats : { name, ...stats }
  } catch (error) {
    throw explained(error, called)
  }
}

/** The keys of a chain, or of a store, page by page as they are asked for. */
function keysOf(called, target, options) {
  try {
    const { native, index } = target()
    return pagesOf(native, index, options)
  } catch (error) {
    throw explained(error, called)
  }
}

function pagesOf(native, index, options) {
  const signal = signalOf(options, ['prefix', 'signal'])
  const prefix = options?.prefix
  if (prefix !== undefined && typeof prefix !== 'string') {
    throw argumentError('prefix', `prefix must be a string, got ${described(prefix)}`)
  }
  return tellKeys((after) => {
    const ask = () => pending(native.keys(index, prefix, after))
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
const ADD = Symbol('add')

/** Where the copy of this module is of which an instance is: all copies know each other's. */
const COPY = Symbol.for('redkv.copy')

/** Returns what an object of ours keeps under `key` for its method `name`: `const { close } = kv` leaves `kv` behind. */
function kept(object, key, name) {
  const state = object?.[key]
  if (state !== undefined) return state
  throw argumentError('this', `${name}() was called without its object: write kv.${name}(), or kv.${name}.bind(kv)`)
}

/** One store of a chain, with the operations that act on it alone. Made by `addStore`. */
class Store extends withOperations(Object) {
  constructor(native, index, name) {
    super(native.operations(index))
    hide(this, STORE, { native, index })
    Object.defineProperty(this, 'name', { value: name, enumerable: true })
  }

  ready(options) {
    return begun(Store.prototype.ready, options, () => kept(this, STORE, 'ready').native.ready(this[STORE].index))
  }

  flush(options) {
    return begun(Store.prototype.flush, options, () => kept(this, STORE, 'flush').native.flush(this[STORE].index))
  }

  keys(options) {
    return keysOf(Store.prototype.keys, () => kept(this, STORE, 'keys'), options)
  }

  clear(options) {
    return cleared(Store.prototype.clear, options, () => kept(this, STORE, 'clear'))
  }

  lease(name, options) {
    return acquired(Store.prototype.lease, () => kept(this, STORE, 'lease'), name, options)
  }

  stats() {
    return statsOf(Store.prototype.stats, () => kept(this, STORE, 'stats'))
  }

  get capabilities() {
    const state = this[STORE]
    state.capabilities ??= capabilitiesOf(state)
    return state.capabilities
  }

  [inspect.custom]() {
    return `Store(${this.name})`
  }
}

function capabilitiesOf({ native, index }) {
  const { maxKeyBytes, maxValueBytes, ...others } = JSON.parse(native.capabilities(index))
  return Object.freeze({ ...others, maxKeyBytes: maxKeyBytes ?? Infinity, maxValueBytes: maxValueBytes ?? Infinity })
}

/** What an instance with these options begins with. */
function begunWith(options) {
  try {
    const id = nextId()
    const metrics = metricsOf(options)
    return { id, metrics, native: create(id, toJson(options, 'onMetrics')) }
  } catch (error) {
    throw fromCaller(error, RedKV)
  }
}

/** Refuses an object of another copy of this module: each has promises and threads of its own. */
function refuseOther(field, kind, other) {
  const from = other?.[COPY]
  if (from === undefined) return
  const copies = from === home ? `${from}, which was loaded twice` : `${from} and ${home}`
  const message = `the ${kind} that was given is of another copy of redkv than this one: ${copies}`
  throw argumentError(field, message)
}

/** The number that the addon knows a chain by. */
function idOf(chain) {
  const id = chain?.[CHAIN]?.id
  if (id !== undefined) return id
  if (chain?.[ID] !== undefined) throw argumentError('chain', 'chain must be a RedKV: use addStructures() for a Structures')
  refuseOther('chain', 'RedKV', chain)
  throw argumentError('chain', `chain must be a RedKV, got ${described(chain)}`)
}

/** The number that the addon knows data structures by. */
function idOfStructures(db) {
  const id = db?.[ID]
  if (id !== undefined) return id
  if (db?.[CHAIN] !== undefined) throw argumentError('db', 'db must be a Structures: use addChain() for a RedKV')
  refuseOther('db', 'Structures', db)
  throw argumentError('db', `db must be a Structures, got ${described(db)}`)
}

/** A chain of stores. Documented in index.d.ts. */
class RedKV extends withOperations(EventEmitter) {
  constructor(options) {
    const { id, metrics, native } = begunWith(options)
    super(native.operations())
    hide(this, COPY, home)
    const state = { native, id, name: native.name(), stores: [], isClosed: false, endMetrics: undefined }
    hide(this, CHAIN, state)
    register(id, this, state)
    state.endMetrics = metrics.begin(this, native.metricsInterval())
  }

  addStore(name, clientOptions, tierOptions) {
    try {
      if (name?.[COPY] !== undefined) {
        throw argumentError('name', 'name must be the name of a store: use addChain() for a chain, addStructures() for a Structures')
      }
      const { native } = kept(this, CHAIN, 'addStore')
      return this[ADD](native.addStore(name, toJson(clientOptions), toJson(tierOptions)))
    } catch (error) {
      throw explained(error, RedKV.prototype.addStore)
    }
  }

  addChain(chain, tierOptions) {
    try {
      const { native } = kept(this, CHAIN, 'addChain')
      return this[ADD](native.addChain(idOf(chain), toJson(tierOptions)))
    } catch (error) {
      throw explained(error, RedKV.prototype.addChain)
    }
  }

  addStructures(db, tierOptions) {
    try {
      const { native } = kept(this, CHAIN, 'addStructures')
      return this[ADD](native.addStructures(idOfStructures(db), toJson(tierOptions)))
    } catch (error) {
      throw explained(error, RedKV.prototype.addStructures)
    }
  }

  [ADD]([index, name, warnings]) {
    if (warnings.length > 0) warn(warnings.join('\n'))
    const store = new Store(this[CHAIN].native, index, name)
    this[CHAIN].stores.push(store.name)
    return store
  }

  ready(options) {
    return begun(RedKV.prototype.ready, options, () => kept(this, CHAIN, 'ready').native.ready())
  }

  flush(options) {
    return begun(RedKV.prototype.flush, options, () => kept(this, CHAIN, 'flush').native.flush())
  }

  keys(options) {
    return keysOf(RedKV.prototype.keys, () => kept(this, CHAIN, 'keys'), options)
  }

  clear(options) {
    return cleared(RedKV.prototype.clear, options, () => kept(this, CHAIN, 'clear'))
  }

  lease(name, options) {
    return acquired(RedKV.prototype.lease, () => kept(this, CHAIN, 'lease'), name, options)
  }

  get name() {
    return this[CHAIN]?.name
  }

  stats() {
    return statsOf(RedKV.prototype.stats, () => kept(this, CHAIN, 'stats'))
  }

  async close(options) {
    try {
      if (options !== undefined) checkOptions(options, ['timeout'])
      const { native } = kept(this, CHAIN, 'close')
      // Sent before it is closed, and waited for by it.
      releaseAll(native)
      const closing = pending(native.close(options?.timeout))
      this[CHAIN].isClosed = true
      this[CHAIN].endMetrics()
      return closing
    } catch (error) {
      throw explained(error, RedKV.prototype.close)
    }
  }

  [Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose')]() {
    return this.close()
  }

  [inspect.custom]() {
    const { name, stores } = this[CHAIN]
    const names = `${name === undefined ? '' : `${name}: `}${stores.join(' > ')}`
    return `RedKV(${names}${this[CHAIN].isClosed ? ', closed' : ''})`
  }
}

hide(Structures.prototype, COPY, home)

module.exports = RedKV
module.exports.RedKV = RedKV
module.exports.RedKVError = RedKVError
module.exports.Records = Records
module.exports.Structures = Structures
