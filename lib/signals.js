'use strict'

const { abortedError, argumentError, checkOptions, described } = require('./errors.js')

/** Returns the signal in the options of a call, which may have the options in `names`. */
function signalOf(options, names) {
  if (options === undefined) return undefined
  checkOptions(options, names)
  const { signal } = options
  if (signal !== undefined) checkSignal(signal)
  return signal
}

/** Checks a signal by its methods: an `AbortSignal` of another realm has another class. */
function checkSignal(signal) {
  const isSignal = typeof signal === 'object' && typeof signal?.aborted === 'boolean'
  const has = (method) => typeof signal[method] === 'function'
  if (isSignal && has('addEventListener') && has('removeEventListener')) return
  throw argumentError('signal', `signal must be an AbortSignal, got ${described(signal)}`)
}

// Who waits under which signal. However many they are, a signal has one listener of ours, and none when they have
// ended: it may live much longer than they do.
const waitingUnder = new WeakMap()

/** Calls `abort` when `signal` aborts, until the returned function is called. */
function whenAborted(signal, abort) {
  let waiting = waitingUnder.get(signal)
  if (waiting === undefined) {
    waiting = { calls: new Set(), listener: () => [...waiting.calls].forEach((call) => call()) }
    waitingUnder.set(signal, waiting)
  }
  const { calls, listener } = waiting
  if (calls.size === 0) signal.addEventListener('abort', listener)
  calls.add(abort)
  return () => {
    if (calls.delete(abort) && calls.size === 0) signal.removeEventListener('abort', listener)
  }
}

/**
 * Returns the promise of the operation that `begin(...args)` begins, until `signal` aborts: then it rejects with
 * `reasonOf(signal)`, and what was begun continues.
 */
function untilAborted(signal, reasonOf, begin, ...args) {
  if (signal.aborted) return Promise.reject(reason(signal))
  const operation = begin(...args)
  return new Promise((resolve, reject) => {
    // First, so that somebody hears of the operation whatever the signal does.
    const settled = operation.then(resolve, reject)
    const end = whenAborted(signal, () => {
      end()
      reject(reasonOf(signal))
    })
    // Whatever the signal does with who leaves it: nobody could hear of that.
    settled.finally(end).catch(() => {})
  })
}

/** Why an operation was aborted that changes nothing. Signals of other makers may have no reason. */
function reason(signal) {
  return signal.reason ?? Object.assign(new Error('This operation was aborted'), { name: 'AbortError', code: 'ABORT_ERR' })
}

/** Why a write was aborted, which may have been made. */
function abortedWrite(operation) {
  return (signal) => abortedError(operation, reason(signal))
}

module.exports = { abortedWrite, reason, signalOf, untilAborted }
