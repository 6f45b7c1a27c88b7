'use strict'

// What operations on records take, as it is handed to the addon.

const { types } = require('node:util')

const { argumentError, described } = require('../errors.js')
const { pairsOf } = require('../structures/arguments.js')
const { VersionedRecord } = require('./record.js')

/** What operations may ask of the addon, as bits. */
const MAY_BE_OLD = 1
const REVERSE = 2
const KEEP_TTL = 4

/** The largest size of a page. */
const MOST_RECORDS = 1_000_000

/** What is over these bounds is refused by the addon as well, but only once all of it was made ready. */
const MOST_BYTES = 400 * 1024
const MOST_FIELDS = 250

/** What bytes are, whatever their class or their own properties say. */
const OfBytes = Object.getPrototypeOf(Uint8Array.prototype)
const [bufferOf, offsetOf, lengthOf] = ['buffer', 'byteOffset', 'byteLength'].map((name) => Object.getOwnPropertyDescriptor(OfBytes, name).get)

function booleanOf(name, value) {
  if (value === undefined || typeof value === 'boolean') return value
  throw argumentError(name, `${name} must be a boolean, got ${described(value)}`)
}

/** Returns the text that is stored: of bytes, their base64. */
function textOf(value) {
  if (value === undefined || typeof value === 'string') return value
  if (types.isUint8Array(value)) return base64Of(value)
  throw argumentError('value', `value must be a string or a Uint8Array, got ${described(value)}`)
}

function base64Of(bytes) {
  const length = lengthOf.call(bytes)
  if (length > MOST_BYTES) throw argumentError('value', `value has ${length} bytes; a record may have ${MOST_BYTES} at most, its value as base64`)
  if (length === 0 && isGone(bytes)) throw argumentError('value', 'value is a Uint8Array whose bytes were transferred, or cut off')
  return Buffer.from(bufferOf.call(bytes), offsetOf.call(bytes), length).toString('base64')
}

/** Whether there are no bytes any more: what was transferred looks as if it were empty. */
function isGone(bytes) {
  try {
    OfBytes.keys.call(bytes)
    return false
  } catch {
    return true
  }
}

/** Returns names and values of fields in turn; `null` is for one to remove. */
function fieldsOf(fields) {
  if (fields === undefined) return undefined
  if (fields === null || typeof fields !== 'object') throw argumentError('fields', `fields must be an object, got ${described(fields)}`)
  const pairs = pairsOf(fields)
  if (pairs.length > 2 * MOST_FIELDS) throw argumentError('fields', `fields has ${pairs.length / 2} fields; one write may give ${MOST_FIELDS} at most`)
  for (let i = 0; i < pairs.length; i += 2) {
    const value = pairs[i + 1]
    if (value !== null && typeof value !== 'string') {
      throw argumentError('fields', `fields.${String(pairs[i])} must be a string, or null to remove it, got ${described(value)}`)
    }
  }
  return pairs
}

/** Returns flags, and what a write takes after the key. */
function changeOf(value, options) {
  const { ttl, fields, keepTtl } = options ?? {}
  if (booleanOf('keepTtl', keepTtl) && ttl !== undefined) {
    throw argumentError('keepTtl', 'keepTtl and ttl cannot be given together: one keeps the expiry, the other sets it')
  }
  return [keepTtl ? KEEP_TTL : 0, textOf(value), ttl, fieldsOf(fields)]
}

/** Returns the version of a record that was read before. */
function versionOf(previous) {
  const { version } = previous ?? {}
  // An item that another program wrote without a version is at 0.
  if (Number.isSafeInteger(version) && version >= 0 && typeof previous.key === 'string') return version
  // What get() returns where there is no record.
  if (previous === null) throw argumentError('previous', 'previous is null: there is no record to change or delete; atomicPut() without it creates one')
  const given = previous instanceof VersionedRecord ? 'one that was changed' : described(previous)
  throw argumentError('previous', `previous must be a record that was read or written, got ${given}`)
}

/** Returns flags, and what a list takes after the prefix. */
function listingOf(options) {
  const { limit, after, reverse, consistent, localIndex, globalIndex } = options ?? {}
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 1 && limit <= MOST_RECORDS)) {
    throw argumentError('limit', `limit must be a whole number from 1 to ${MOST_RECORDS}, got ${typeof limit === 'number' ? limit : described(limit)}`)
  }
  if (localIndex !== undefined && globalIndex !== undefined) {
    throw argumentError('globalIndex', 'localIndex and globalIndex cannot be given together')
  }
  if (globalIndex !== undefined && consistent === true) {
    throw argumentError('consistent', 'reads of a global index cannot be consistent')
  }
  const index = indexOf('localIndex', localIndex, ['name', 'sortKey']) ?? indexOf('globalIndex', globalIndex, ['name', 'sortKey', 'hashKey'])
  const flags = oldIf(consistent) | (booleanOf('reverse', reverse) ? REVERSE : 0)
  // The token of the page before is null after the last one: who goes on from there by mistake would begin again.
  if (after === null) throw argumentError('after', 'after is null: there is no page after the last one')
  return [flags, limit, after, ...(index ?? [])]
}

function indexOf(field, index, names) {
  if (index === undefined) return undefined
  if (index === null || typeof index !== 'object') throw argumentError(field, `${field} must be an object, got ${described(index)}`)
  for (const name of Object.keys(index)) {
    if (!names.includes(name)) throw argumentError(`${field}.${name}`, `there is no option '${name}' in ${field}; the options are { ${names.join(', ')} }`)
  }
  return names.map((name) => {
    const value = index[name]
    if (typeof value === 'string' && value !== '') return value
    throw argumentError(`${field}.${name}`, `${field}.${name} must be a string that is not empty, got ${value === '' ? 'an empty one' : described(value)}`)
  })
}

/** Returns the flag of a read that may be old, if `consistent` says so. */
function oldIf(consistent) {
  return booleanOf('consistent', consistent) === false ? MAY_BE_OLD : 0
}

module.exports = { changeOf, listingOf, oldIf, versionOf }
