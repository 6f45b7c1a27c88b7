'use strict'

const { setTimeout: sleep } = require('node:timers/promises')

/** Resolves once `condition` holds, which may take as long as it does: what hangs ends with the test run. */
async function until(condition) {
  while (!(await condition())) await sleep(10)
}

module.exports = { until }
