'use strict'

const { types } = require('node:util')

const ofAll = Object.prototype

/**
 * Returns the properties of an object with fields: `[name, value, isHidden]` for each, read once.
 *
 * A field is any property that is enumerable or has a getter, be it the object's own or of its class or prototype. A
 * method or what is not enumerable is hidden: it may be meant as a field (the keys of an AWS client are), or not at
 * all (what a library for configurations adds to objects is).
 */
function fieldsOf(object, except) {
  return Array.from(kindsOf(object), ([name, isHidden]) => [name, name === except ? undefined : object[name], isHidden])
}

/** The names of the fields of an object that are not hidden. */
function namesOf(object) {
  return Array.from(kindsOf(object)).flatMap(([name, isHidden]) => (isHidden ? [] : [name]))
}

/** Whether each of the fields of an object is hidden, by their names. */
function kindsOf(object) {
  const kinds = new Map()
  for (let owner = object; owner !== null && !isRoot(owner, object); owner = Object.getPrototypeOf(owner)) {
    for (const name of Object.getOwnPropertyNames(owner)) {
      if (kinds.has(name) || (owner !== object && name === 'constructor')) continue
      const property = Object.getOwnPropertyDescriptor(owner, name)
      // A proxy may name what it does not have.
      if (property !== undefined) kinds.set(name, isHidden(property, owner === object))
    }
  }
  return kinds
}

function isHidden({ enumerable, get, set, value }, isOwn) {
  if (get !== undefined || set !== undefined) return false
  return !enumerable || (!isOwn && typeof value === 'function')
}

/** Returns whether `owner` is the `Object.prototype` of some realm: what others have put there belongs to no object. */
function isRoot(owner, object) {
  return owner !== object && Object.getPrototypeOf(owner) === null && Object.hasOwn(owner, 'isPrototypeOf')
}

/** Returns whether the own enumerable properties of `object` are all that it has. */
function isPlain(object) {
  const prototype = Object.getPrototypeOf(object)
  return prototype === ofAll || prototype === null || isRoot(prototype, object)
}

/** What an object is, in words, where its properties are not what it holds. */
function otherThanFields(object) {
  if (types.isPromise(object)) return 'a Promise'
  if (types.isMap(object)) return 'a Map'
  if (types.isSet(object)) return 'a Set'
  if (types.isDate(object)) return 'a Date'
  if (types.isRegExp(object)) return 'a RegExp'
  if (types.isBoxedPrimitive(object)) return 'an object around a primitive'
  return undefined
}

module.exports = { fieldsOf, isPlain, namesOf, otherThanFields }
