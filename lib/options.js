'use strict'

/** What the clients of 1.x kept behind accessors or out of enumeration. */
const CREDENTIALS = ['accessKeyId', 'secretAccessKey', 'sessionToken']

/**
 * An options object as JSON, for the validator in the addon. What JSON cannot say is said in words, so that the
 * validator refuses it by its name instead of never seeing it or taking it for text.
 */
function toJson(options) {
  if (options === undefined || options === null) return 'null'
  const seen = new Set()
  return JSON.stringify(plain(options, seen))
}

function plain(value, seen) {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? value : inWords(String(value))
    case 'bigint':
      // One beyond all numbers is none.
      return plain(Number(value), seen)
    case 'function':
    case 'symbol':
      return inWords(`a ${typeof value}`)
    case 'object':
      break
    default:
      return value
  }
  if (value === null) return null
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString()
  if (value instanceof URL) return value.href
  if (seen.has(value)) return inWords('a reference to an object around it')
  seen.add(value)
  const result = Array.isArray(value) ? value.map((item) => plain(item, seen)) : plainFields(value, seen)
  seen.delete(value)
  return result
}

function plainFields(value, seen) {
  // Without a prototype every name is a field, `__proto__` too.
  const result = Object.create(null)
  for (const name of new Set([...Object.keys(value), ...CREDENTIALS])) {
    if (value[name] !== undefined) result[name] = plain(value[name], seen)
  }
  return result
}

/** The validator knows an object with nothing but this field, and that no type fits it. */
function inWords(text) {
  return { '': text }
}

module.exports = { toJson }
