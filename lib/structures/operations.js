'use strict'

// The operations on data structures. Documented in index.d.ts.

const { pending } = require('../bridge.js')
const { argumentError, described } = require('../errors.js')
const { abortedWrite, reason, signalOf, untilAborted } = require('../signals.js')
const { STATE } = require('../service.js')
const { fromCaller } = require('../stacks.js')
const { isHashOfFields, listOf, pairsOf } = require('./arguments.js')
const numbers = require('./numbers.js')

/** What operations may ask of the addon, as bits. */
const BUFFERS = 1
const BIGINT = 4

const COMMON = ['signal']
const OF_READ = ['buffers', 'signal']
const OF_DELETE = ['of', 'signal']
const OF_RANGE = ['limit', 'reverse', 'buffers', 'signal']
const OF_SCORE_RANGE = ['limit', 'reverse', 'withScores', 'buffers', 'signal']
const OF_ITERATION = ['by', 'min', 'max', 'reverse', 'buffers', 'signal']

const isWrite = (name) => !/^(get|has|sMembers|sIsMember|sCard|hGet|hGetAll|z.?(Card|Score|Count|LexCount|Range|Iterate))/i.test(name)

/** Begins an operation. `options` may have the options in `names`. */
function start(object, name, options, names, key, a, b, c, d, e) {
  try {
    const { native, flags, watch } = stateOf(object, name)
    const { changed } = watch
    const number = numbers[name]
    if (options === undefined && changed === undefined) return pending(native.command(number, flags, key, a, b, c, d, e))
    const signal = signalOf(options, names)
    const all = flag('buffers', options?.buffers) ? flags | BUFFERS : flags
    const begin = () => pending(native.command(number, all, key, a, b, c, d, e))
    const isChange = isWrite(name)
    const begun = signal === undefined ? begin() : untilAborted(signal, isChange ? abortedWrite(name) : reason, begin)
    return changed === undefined || !isChange ? begun : changed(begun, [key])
  } catch (error) {
    return failed(object, name, error)
  }
}

function stateOf(object, name) {
  const state = object?.[STATE]
  if (state !== undefined) return state
  throw argumentError('this', `${name}() was called without its object: write db.${name}(…), or db.${name}.bind(db)`)
}

function failed(object, name, error) {
  if (error?.code === 'ERR_REDKV_ARGUMENT') error.operation ??= name
  return Promise.reject(fromCaller(error, object?.[name]))
}

/** The operations on data structures. */
class StructureOperations {
  get(key, options) {
    return start(this, 'get', options, OF_READ, key)
  }

  set(key, value, options) {
    return start(this, 'set', options, COMMON, key, value)
  }

  delete(key, options) {
    let isOfValue
    try {
      isOfValue = ofValue(options)
    } catch (error) {
      return failed(this, 'delete', error)
    }
    return start(this, 'delete', options, OF_DELETE, key, isOfValue)
  }

  has(key, options) {
    return start(this, 'has', options, COMMON, key)
  }

  setNX(key, value, options) {
    return start(this, 'setNX', options, COMMON, key, value)
  }

  setXX(key, value, options) {
    return start(this, 'setXX', options, COMMON, key, value)
  }

  setEQ(key, value, expected, options) {
    return start(this, 'setEQ', options, COMMON, key, value, expected)
  }

  incrBy(key, by, options) {
    // A number that is missing where one was given is a mistake, and not 1.
    if (by === undefined && arguments.length !== 2) by = 1
    return start(typeof by === 'bigint' ? withFlag(this, BIGINT) : this, 'incrBy', options, COMMON, key, by)
  }

  sAdd(key, members, options) {
    return startList(this, 'sAdd', 'members', members, options, key)
  }

  sRem(key, members, options) {
    return startList(this, 'sRem', 'members', members, options, key)
  }

  sMembers(key, options) {
    return start(this, 'sMembers', options, OF_READ, key)
  }

  sIsMember(key, member, options) {
    return start(this, 'sIsMember', options, COMMON, key, member)
  }

  sCard(key, options) {
    return start(this, 'sCard', options, COMMON, key)
  }

  hSet(key, field, value, options) {
    if (!isHashOfFields(field)) return start(this, 'hSet', options, COMMON, key, field, value)
    try {
      return start(this, 'hSet', value, COMMON, key, pairsOf(field))
    } catch (error) {
      return failed(this, 'hSet', error)
    }
  }

  hGet(key, field, options) {
    return start(this, 'hGet', options, OF_READ, key, field)
  }

  hGetAll(key, options) {
    return start(this, 'hGetAll', options, OF_READ, key)
  }

  hDel(key, fields, options) {
    return startList(this, 'hDel', 'fields', fields, options, key)
  }

  zAdd(key, member, score, options) {
    return start(this, 'zAdd', options, COMMON, key, member, score)
  }

  zhAdd(key, field, member, score, options) {
    return start(this, 'zhAdd', options, COMMON, key, field, member, score)
  }

  zRem(key, members, options) {
    return startList(this, 'zRem', 'members', members, options, key)
  }

  zhRem(key, fields, options) {
    return startList(this, 'zhRem', 'fields', fields, options, key)
  }

  zCard(key, options) {
    return start(this, 'zCard', options, COMMON, key)
  }

  zScore(key, member, options) {
    return start(this, 'zScore', options, COMMON, key, member)
  }

  zIncrBy(key, member, by, options) {
    return start(this, 'zIncrBy', options, COMMON, key, member, by)
  }

  zCount(key, min, max, options) {
    return start(this, 'zCount', options, COMMON, key, min, max)
  }

  zLexCount(key, min, max, options) {
    return start(this, 'zLexCount', options, COMMON, key, min, max)
  }

  zRangeByScore(key, min, max, options) {
    return startRange(this, 'zRangeByScore', options, OF_SCORE_RANGE, key, min, max)
  }

  zhRangeByScore(key, min, max, options) {
    return startRange(this, 'zhRangeByScore', options, OF_SCORE_RANGE, key, min, max)
  }

  zRangeByLex(key, min, max, options) {
    return startRange(this, 'zRangeByLex', options, OF_RANGE, key, min, max)
  }

  zhRangeByLex(key, min, max, options) {
    return startRange(this, 'zhRangeByLex', options, OF_RANGE, key, min, max)
  }

  zIterate(key, options) {
    return iterate(this, 'zIterate', key, options)
  }

  zhIterate(key, options) {
    return iterate(this, 'zhIterate', key, options)
  }
}

function ofValue(options) {
  const of = options?.of
  if (of === undefined) return false
  if (of !== 'value') throw argumentError('of', `of must be 'value', or left out to delete whatever the key holds, got ${described(of)}`)
  return true
}

function startList(object, name, field, members, options, key) {
  try {
    return start(object, name, options, COMMON, key, listOf(field, members))
  } catch (error) {
    return failed(object, name, error)
  }
}

function startRange(object, name, options, names, key, min, max) {
  if (options === undefined) return start(object, name, undefined, names, key, min, max)
  try {
    flag('reverse', options?.reverse)
    flag('withScores', options?.withScores)
  } catch (error) {
    return failed(object, name, error)
  }
  const { limit, reverse, withScores } = options ?? {}
  return start(object, name, options, names, key, min, max, limit, reverse, withScores)
}

function flag(name, value) {
  if (value === undefined || typeof value === 'boolean') return value
  throw argumentError(name, `${name} must be a boolean, got ${described(value)}`)
}

/** Returns the operations of an object with one bit more. */
function withFlag(object, bit) {
  const state = object?.[STATE]
  if (state === undefined) return object
  return { __proto__: object, [STATE]: { ...state, flags: state.flags | bit } }
}

/** The entries of one page. */
const PAGE = 1000

/** Returns the entries of a sorted set or sorted hash, page by page as they are asked for. */
function iterate(object, name, key, options) {
  try {
    const { native, flags } = stateOf(object, name)
    const signal = signalOf(options, OF_ITERATION)
    const { by = 'score', reverse, buffers } = options ?? {}
    if (by !== 'score' && by !== 'lex') throw argumentError('by', `by must be 'score' or 'lex', got ${described(by)}`)
    flag('reverse', reverse)
    const isLex = by === 'lex'
    const [lowest, highest] = isLex ? ['-', '+'] : [-Infinity, Infinity]
    const { min = lowest, max = highest } = options ?? {}
    const all = flag('buffers', buffers) ? flags | BUFFERS : flags
    const ask = (score, field) => pending(
      native.command(numbers[name], all, key, isLex, min, max, PAGE, reverse, score, field),
    )
    return entriesOf((...after) => (signal === undefined ? ask(...after) : untilAborted(signal, reason, () => ask(...after))))
  } catch (error) {
    if (error?.code === 'ERR_REDKV_ARGUMENT') error.operation ??= name
    throw fromCaller(error, object?.[name])
  }
}

async function* entriesOf(pageAfter) {
  let after = []
  do {
    const [entries, ...next] = await pageAfter(...after)
    yield* entries
    after = next
  } while (after.length > 0)
}

module.exports = { StructureOperations }
