'use strict'

const { createRecords } = require('../bridge.js')
const { toJson } = require('../options.js')
const { Service, begun, stateOf } = require('../service.js')
const { fromCaller } = require('../stacks.js')
const numbers = require('./numbers.js')
const { Partition } = require('./partition.js')

/** A table of versioned records. Documented in index.d.ts. */
class Records extends Service {
  constructor(name, options, policy) {
    super(createRecords, numbers, [name, options, policy])
  }

  partition(name) {
    try {
      return new Partition(stateOf(this, 'partition').native, name)
    } catch (error) {
      throw fromCaller(error, Records.prototype.partition)
    }
  }

  async createTable(options) {
    const signal = options?.signal
    return begun(this, 'createTable', signal === undefined ? undefined : { signal }, (native) => native.createTable(toJson(options, 'signal')))
  }
}

module.exports = { Records }
