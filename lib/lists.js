'use strict'

const { argumentError } = require('./errors.js')

/** More elements than any call is meant for: an endless list is refused before it takes all memory. */
const MOST = 2 ** 24

/** A copy of a list: what the caller does with his meanwhile is nothing to us, and a proxy is read once. */
function copyOf(field, list) {
  if (Array.isArray(list)) {
    if (list.length > MOST) throw tooMany(field)
    return [...list]
  }
  const copy = []
  for (const element of list) {
    if (copy.length === MOST) throw tooMany(field)
    copy.push(element)
  }
  return copy
}

function tooMany(field) {
  return argumentError(field, `${field} has more than ${MOST} elements: use several calls`)
}

module.exports = { MOST, copyOf, tooMany }
