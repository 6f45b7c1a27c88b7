'use strict'

const assert = require('node:assert/strict')
const { settledWithin } = require('./deadline.js')

/** No store holds it. */
const ABSENT = null

/**
 * Makes operations on a chain one by one per key, and knows which values a read may find.
 *
 * A write that was acknowledged is the only one. A write that the authority did not take changes nothing; one of which
 * nobody knows leaves two. One that only a cache refused was made.
 */
class History {
  #possible = new Map()

  /**
   * @param {object} rules
   * @param {string} rules.authority the store whose word counts
   * @param {(operation: string) => number} rules.deadline within which an operation has to settle, in milliseconds
   * @param {(error: Error) => void} rules.check fails on errors that must not be
   */
  constructor(kv, rules) {
    this.kv = kv
    this.rules = rules
    /** Whether a write that the authority failed to acknowledge may have been made. */
    this.mayApply = false
  }

  /** What a read of the key may find. */
  possible(key) {
    return this.#possible.get(key) ?? new Set([ABSENT])
  }

  get keys() {
    return [...this.#possible.keys()]
  }

  async set(key, value) {
    await this.#write(key, value, 'set', () => this.kv.set(key, value))
  }

  async delete(key) {
    await this.#write(key, ABSENT, 'delete', () => this.kv.delete(key))
  }

  async setMany(entries) {
    const { error } = await this.#settled('setMany', () => this.kv.setMany(entries))
    for (const [key, value] of Object.entries(entries)) this.#note(key, value, error?.errors?.get(key) ?? error)
  }

  async get(key) {
    const { value, error } = await this.#settled('get', () => this.kv.get(key))
    if (!error) this.#found(key, value)
  }

  async has(key) {
    const { value, error } = await this.#settled('has', () => this.kv.has(key))
    if (error) return
    const may = [...this.possible(key)].some((possible) => (possible !== ABSENT) === value)
    assert.ok(may, `has('${key}') was ${value}, possible was ${[...this.possible(key)]}`)
  }

  async getMany(keys) {
    const { value, error } = await this.#settled('getMany', () => this.kv.getMany(keys))
    const values = value ?? error.values ?? []
    keys.forEach((key, index) => values[index] !== undefined && this.#found(key, values[index]))
  }

  #found(key, value) {
    assert.ok(this.possible(key).has(value), `'${key}' was read as ${value}, possible was ${[...this.possible(key)]}`)
  }

  async #write(key, value, operation, write) {
    const { error } = await this.#settled(operation, write)
    this.#note(key, value, error)
  }

  #note(key, value, error) {
    const isMade = error === undefined || error.store !== this.rules.authority
    const before = this.mayApply ? this.possible(key) : []
    if (isMade) this.#possible.set(key, new Set([value]))
    else if (this.mayApply) this.#possible.set(key, new Set([...before, value]))
    else this.#possible.set(key, this.possible(key))
  }

  async #settled(operation, call) {
    const result = await settledWithin(this.rules.deadline(operation), call())
    for (const error of result.error?.errors?.values() ?? [result.error]) if (error) this.rules.check(error)
    return result
  }
}

module.exports = { ABSENT, History }
