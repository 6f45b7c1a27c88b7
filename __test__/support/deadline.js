'use strict'

const { monitorEventLoopDelay } = require('node:perf_hooks')

/** What a promise may take beyond its deadline, in milliseconds. */
const MARGIN = 100

const delays = monitorEventLoopDelay({ resolution: 5 })
delays.enable()

/** How late this machine was with a timer, at worst, in milliseconds: nothing of ours can be more punctual. */
function lateness() {
  return delays.max / 1e6
}

/**
 * What became of a promise and after how many milliseconds: `{ value, error, took }`. Rejects when it was not settled
 * within `deadline` and the margin, and in any case after a minute.
 */
async function settledWithin(deadline, promise) {
  const begin = performance.now()
  let timer
  const hung = new Promise((resolve) => (timer = setTimeout(resolve, 60_000, { hung: true })))
  const settled = promise.then(
    (value) => ({ value }),
    (error) => ({ error }),
  )
  const result = await Promise.race([settled, hung])
  clearTimeout(timer)
  const took = performance.now() - begin
  // The I/O thread, the server and the proxy each were as late as this thread, or not much worse.
  const allowed = deadline + MARGIN + 4 * lateness()
  if (result.hung || took > allowed) {
    throw new Error(`settled after ${Math.round(took)} ms, its deadline was ${deadline} ms (allowed: ${Math.round(allowed)})`)
  }
  return { ...result, took }
}

module.exports = { lateness, settledWithin }
