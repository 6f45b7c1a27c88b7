'use strict'

const { setTimeout: sleep } = require('node:timers/promises')

/** Resolves once `condition` holds, which may take as long as it does: what hangs ends with the test run. */
async function until(condition) {
  while (!(await condition())) await sleep(10)
}

/** What `call` resolves with, which is made again for as long as its errors say that it may be. */
async function eventually(call) {
  for (;;) {
    try {
      return await call()
    } catch (error) {
      if (!error.retryable) throw error
      await sleep(10)
    }
  }
}

module.exports = { eventually, until }
