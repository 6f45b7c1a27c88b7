'use strict'

const assert = require('node:assert/strict')
const { settledWithin } = require('./deadline.js')

/** One key: its writer counts up, its reader looks on. */
class Counter {
  issued = 0
  acknowledged = 0
  refused = 0
  reads = 0

  constructor(kv, key, deadline) {
    this.kv = kv
    this.key = key
    this.deadline = deadline
  }

  async write(load) {
    while (load.goesOn) {
      this.issued += 1
      const { error } = await settledWithin(this.deadline, this.kv.set(this.key, this.issued))
      if (error === undefined) this.acknowledged = this.issued
      else this.refused += 1
      await new Promise(setImmediate)
    }
  }

  async read(load) {
    while (load.goesOn) {
      const least = this.acknowledged
      // The reader of a key waits for its writer.
      const { value, error } = await settledWithin(2 * this.deadline, this.kv.get(this.key))
      if (error === undefined) this.check(value, least)
      this.reads += 1
      await new Promise(setImmediate)
    }
  }

  check(value, least = this.acknowledged) {
    const number = Number(value)
    assert.ok(number >= least && number <= this.issued, `${this.key} was ${value}, not from ${least} to ${this.issued}`)
  }
}

module.exports = { Counter }
