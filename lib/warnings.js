'use strict'

const warned = new Set()

/** A warning about an option, or about what a store found, is worth telling once a process. */
function warn(text) {
  if (warned.has(text)) return
  warned.add(text)
  process.emitWarning(text, 'RedKVWarning')
}

module.exports = { warn }
