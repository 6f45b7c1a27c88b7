'use strict'

const warned = new Set()

/** Emits a warning about an option, or about what a store found, once a process. */
function warn(text) {
  if (warned.has(text)) return
  warned.add(text)
  process.emitWarning(text, 'RedKVWarning')
}

module.exports = { warn }
