'use strict'

const { Buffer, isUtf8 } = require('node:buffer')
const { fileURLToPath } = require('node:url')
const { types } = require('node:util')
const { fieldsOf, otherThanFields } = require('./fields.js')

/** More than any list of servers has, and few enough to be gone through at once. */
const LONGEST_LIST = 10_000

/** More than options ever nest. */
const DEEPEST = 32

/** Begins the name of a field that counts where the validator knows it, and is no mistake where it does not. */
const HIDDEN = '\0'

/**
 * An options object as JSON, for the validator in the addon. What JSON cannot say is said in words, so that the
 * validator refuses it by its name instead of never seeing it or taking it for text. Each property is read once; the
 * one called `except` is left out.
 */
function toJson(options, except) {
  if (options === undefined || options === null) return 'null'
  return JSON.stringify(plain(options, [], except))
}

function plain(value, around, except) {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed() ? value : inWords('text with a lone surrogate')
    case 'number':
      return Number.isFinite(value) ? value : inWords(String(value))
    case 'bigint':
      // One beyond all numbers is none.
      return plain(Number(value), around)
    case 'function':
    case 'symbol':
      return inWords(`a ${typeof value}`)
    case 'object':
      return value === null ? null : plainObject(value, around, except)
    default:
      return value
  }
}

function plainObject(value, around, except) {
  if (ArrayBuffer.isView(value)) return textOf(Buffer.from(value.buffer, value.byteOffset, value.byteLength))
  if (types.isAnyArrayBuffer(value)) return textOf(Buffer.from(value))
  const href = hrefOf(value)
  if (href !== undefined) return plainUrl(plain(href, around))
  const other = otherThanFields(value)
  if (other !== undefined) return inWords(other)
  if (around.includes(value)) return inWords('a reference to an object around it')
  if (around.length === DEEPEST) return inWords('an object within too many others')
  const inside = [...around, value]
  return Array.isArray(value) ? plainList(value, inside) : plainFields(value, inside, except)
}

function textOf(bytes) {
  return isUtf8(bytes) ? bytes.toString() : inWords('bytes that are no text')
}

/** Returns the address of a `URL` of any realm. */
function hrefOf(value) {
  if (Object.prototype.toString.call(value) !== '[object URL]') return undefined
  const { href } = value
  return typeof href === 'string' ? href : undefined
}

/** A url is no text for the validator, which takes one where a url or the path of a file is expected. */
function plainUrl(href) {
  return { ...inWords('a URL'), href, path: pathOf(href) }
}

/** Returns the path of the file that a url names, as the functions of `node:fs` do. */
function pathOf(href) {
  try {
    return fileURLToPath(href)
  } catch {
    return undefined
  }
}

function plainList(list, inside) {
  const { length } = list
  if (length > LONGEST_LIST) return inWords('a list that is too long')
  return Array.from({ length }, (_, index) => plain(list[index], inside))
}

function plainFields(value, inside, except) {
  // Without a prototype every name is a field, `__proto__` too.
  const result = Object.create(null)
  for (const [name, field, isHidden] of fieldsOf(value, except)) {
    if (field === undefined) continue
    const known = name.toWellFormed().replaceAll(HIDDEN, '\uFFFD')
    result[isHidden ? HIDDEN + known : known] = plain(field, inside)
  }
  return result
}

/** The validator knows an object with nothing but this field, and that no type fits it. */
function inWords(text) {
  return { '': text }
}

module.exports = { toJson }
