'use strict'

const { channel } = require('node:diagnostics_channel')
const { clearInterval, setInterval } = require('node:timers')
const { WeakRef } = globalThis
const { argumentError, described } = require('./errors.js')

// The statistics of an instance, told again and again. Documented in index.d.ts.

const DEFAULT_INTERVAL = 10_000
/** What a timer can wait. */
const LONGEST_INTERVAL = 2 ** 31 - 1

const heard = channel('redkv:metrics')

/** The options `onMetrics` of instances: what they refer to may be the instance, which they must not keep alive. */
const listeners = new WeakMap()

/** Ends the timers of instances that nobody has any more. */
const collected = new FinalizationRegistry(clearInterval)

/** The option `onMetrics` of an instance: `begin` starts the timer. */
function metricsOf(options) {
  const onMetrics = options?.onMetrics ?? undefined
  if (onMetrics === undefined) return { begin }
  if (typeof onMetrics !== 'function') {
    throw argumentError('onMetrics', `options.onMetrics must be a function, got ${described(onMetrics)}`)
  }
  return {
    begin(instance, interval = DEFAULT_INTERVAL) {
      listeners.set(instance, onMetrics)
      return begin(instance, interval)
    },
  }
}

/** Publishes the statistics of `instance` once in each `interval`, if there is one. Returns a function that ends it. */
function begin(instance, interval) {
  if (interval === undefined) return () => {}
  const timer = setInterval(tell, Math.min(interval, LONGEST_INTERVAL), new WeakRef(instance))
  timer.unref()
  collected.register(instance, timer)
  return () => clearInterval(timer)
}

function tell(reference) {
  const instance = reference.deref()
  if (instance === undefined) return
  const onMetrics = listeners.get(instance)
  if (onMetrics === undefined && !heard.hasSubscribers) return
  const stats = instance.stats()
  heard.publish(stats)
  if (onMetrics === undefined) return
  try {
    const answer = onMetrics(stats)
    if (typeof answer?.then === 'function') answer.then(undefined, warn)
  } catch (error) {
    warn(error)
  }
}

function warn(error) {
  // By what it has: an error of another realm has another class.
  const text = typeof error?.message === 'string' ? `${error.name}: ${error.message}` : String(error)
  process.emitWarning(`onMetrics failed: ${text}`, 'RedKVWarning')
}

module.exports = { metricsOf }
