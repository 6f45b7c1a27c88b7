'use strict'

// Lists of members and fields, as they are handed to the addon.

const { types } = require('node:util')

const { argumentError, described } = require('../errors.js')
const { fieldsOf, isPlain, otherThanFields } = require('../fields.js')
const { MOST, copyOf, tooMany } = require('../lists.js')

/** Returns one member, or a list of them: a `Uint8Array` is one member. */
function listOf(field, members) {
  if (members === null || typeof members !== 'object' || ArrayBuffer.isView(members)) return members
  if (isIterable(members)) return copyOf(field, members)
  const given = otherThanFields(members) ?? described(members)
  throw argumentError(field, `${field} must be a string, a number, a bigint, a Uint8Array, or an iterable of them, got ${given}`)
}

/** Returns fields and values in turn, of an object, a `Map`, or pairs. */
function pairsOf(fields) {
  if (isIterable(fields)) return flattened(fields)
  const other = types.isAnyArrayBuffer(fields) ? 'an ArrayBuffer' : otherThanFields(fields)
  if (other !== undefined) {
    throw argumentError('fields', `fields must be an object, or an iterable of [field, value], got ${other}`)
  }
  if (isPlain(fields)) return Object.entries(fields).flat()
  return fieldsOf(fields).flatMap(([field, value, isHidden]) => (isHidden ? [] : [field, value]))
}

/** Returns whether an object is a list: one around a text is none. */
function isIterable(object) {
  return typeof object[Symbol.iterator] === 'function' && !types.isBoxedPrimitive(object)
}

function flattened(pairs) {
  const flat = []
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2) {
      throw argumentError('fields', `fields[${flat.length / 2}] must be a pair [field, value]`)
    }
    if (flat.length === 2 * MOST) throw tooMany('fields')
    flat.push(pair[0], pair[1])
  }
  return flat
}

/** Returns whether it stands for fields and their values, and not for one field. */
function isHashOfFields(value) {
  return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)
}

/** Returns a copy of bytes, whatever their class says of itself. */
function copied(bytes) {
  const length = lengthOf.call(bytes)
  if (length === 0) return bytes
  const copy = Buffer.isBuffer(bytes) ? Buffer.alloc(length) : new Uint8Array(length)
  copy.set(bytes)
  return copy
}

const { get: lengthOf } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), 'length')

/** Returns what stays as it is until it is sent: the caller may use his bytes and lists again. */
function kept(value) {
  // Bytes that were transferred look as if there were none, and are refused later.
  if (types.isUint8Array(value)) return copied(value)
  return Array.isArray(value) ? value.map((element) => (types.isUint8Array(element) ? kept(element) : element)) : value
}

module.exports = { isHashOfFields, kept, listOf, pairsOf }
