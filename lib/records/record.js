'use strict'

const { inspect } = require('node:util')

/** Text that is base64 with padding, as other programs write bytes. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** A record as it was read or written. Documented in index.d.ts. */
class VersionedRecord {
  constructor(partition, key, version, expires, value, fields) {
    this.partition = partition
    this.key = key
    this.version = version
    this.expires = expires
    this.value = value
    this.fields = fields
  }

  buffer() {
    return this.value !== null && BASE64.test(this.value) ? Buffer.from(this.value, 'base64') : null
  }

  [inspect.custom](_depth, options) {
    return `VersionedRecord ${inspect({ ...this }, options)}`
  }
}

/** No `Date` is later: what other programs wrote may expire beyond it. */
const LAST_DATE = 8.64e15

/** The parts of a record before the names and values of its fields. */
const PARTS = 6

/** Returns the record whose parts begin at `at`, and where the next one begins. */
function recordAt(parts, at) {
  const [partition, key, version, expires, value, count] = parts.slice(at, at + PARTS)
  const end = at + PARTS + 2 * count
  // Without a prototype every name is a field, `__proto__` too.
  const fields = Object.create(null)
  for (let i = at + PARTS; i < end; i += 2) fields[parts[i]] = parts[i + 1]
  const date = expires === null ? null : new Date(Math.min(expires, LAST_DATE))
  return [new VersionedRecord(partition, key, version, date, value, fields), end]
}

/** What was handed over: arguments, or an array of them where there are many. */
function partsOf(args) {
  return Array.isArray(args[0]) ? args[0] : args
}

/** Called by the addon with the parts of a record. */
function versionedOf(...args) {
  return recordAt(partsOf(args), 0)[0]
}

/** Called by the addon with the token of the next page, or `null`, and the parts of records. */
function pageOf(...args) {
  const parts = partsOf(args)
  const records = []
  for (let at = 1; at < parts.length; ) {
    const [record, next] = recordAt(parts, at)
    records.push(record)
    at = next
  }
  return { records, next: parts[0] }
}

/** Called by the addon with an error and the parts of the record that is there, if there is one. */
function conflictOf(...args) {
  const [error, ...parts] = partsOf(args)
  return withRecord(error, parts.length === 0 ? null : recordAt(parts, 0)[0])
}

/** Gives an error the record that is there. Who prints the error does not print what is stored. */
function withRecord(error, record) {
  return Object.defineProperty(error, 'record', { value: record, configurable: true, writable: true })
}

module.exports = { VersionedRecord, conflictOf, pageOf, versionedOf, withRecord }
