'use strict'

// The stack of an error that is made when an answer comes: what runs then was called by nobody, but somebody waits.

const { performance } = require('node:perf_hooks')

// What tests and tracers replace is taken as it is when this module is loaded.
const { apply } = Reflect
const { defineProperty } = Object
/** The promises of the language, whatever is called `Promise` here. */
const { constructor: Promise } = (async () => {})()
const { then } = Promise.prototype

const { captureStackTrace } = Error
// Of Node.js: another realm has none of its own.
const now = performance.now.bind(performance)

/** What each frame of a stack begins with. */
const FRAME = '\n    at '

/** What `then` asks a promise for, to make another one: of these the language's own, whatever others made of that. */
const species = Object.freeze({ __proto__: null, [Symbol.species]: Promise })

/**
 * Rejects a promise by its `resolve`, with an error whose stack is of those who wait for it, as far as the engine knows
 * them: `at async readUser (…)`. A promise that is resolved, as nearly all are, costs nothing for this.
 */
function rejectWithCallers(resolve, error) {
  let reject
  const failing = new Promise((_, rejectIt) => (reject = rejectIt))
  defineProperty(failing, 'constructor', { value: species })
  // It follows that one before that fails: this is how the engine gets from what runs then to who waits.
  resolve(apply(then, failing, [undefined, addCallers]))
  reject(error)
}

function addCallers(error) {
  captureStackTrace?.(error, addCallers)
  throw error
}

/** Returns `error` with a stack that begins at the caller of `called`, if RedKV has made the error in that call. */
function fromCaller(error, called) {
  if (typeof error?.code !== 'string' || !error.code.startsWith('ERR_REDKV_')) return error
  captureStackTrace?.(error, called)
  if (error.code === 'ERR_REDKV_ARGUMENT' && error.cause !== undefined) captureStackTrace?.(error.cause, called)
  return error
}

/**
 * Noting a stack costs as much as the rest of a queued call: so many are noted in so many milliseconds, which takes a
 * processor less than a hundredth of its time. Who queues more gets the stack of the call that sends all of them.
 */
const MOST_NOTED = 100
const WINDOW = 100

let left = MOST_NOTED
let windowEnd = 0

/** Returns where `called` was called, for `fromNoted`; `undefined` where there is no time to find out. */
function noteCaller(called) {
  if (left === 0 && !isNewWindow()) return undefined
  left -= 1
  return noteOne(called)
}

/** Returns where `called` was called, for `fromNoted`, whatever it takes. */
function noteOne(called) {
  const noted = {}
  captureStackTrace?.(noted, called)
  return noted
}

function isNewWindow() {
  const time = now()
  if (time < windowEnd) return false
  left = MOST_NOTED
  windowEnd = time + WINDOW
  return true
}

/** Returns `error` with a stack that begins where `noted` was noted, if RedKV has made the error. */
function fromNoted(error, noted) {
  if (noted === undefined || typeof error?.code !== 'string' || !error.code.startsWith('ERR_REDKV_')) return error
  const [own, frames] = [error.stack, noted.stack]
  // What makes stacks in another form has been put in place by others.
  if (typeof own !== 'string' || typeof frames !== 'string') return error
  const [ofOwn, ofNoted] = [own.indexOf(FRAME), frames.indexOf(FRAME)]
  if (ofNoted === -1) return error
  const stack = (ofOwn === -1 ? own : own.slice(0, ofOwn)) + frames.slice(ofNoted)
  return defineProperty(error, 'stack', { value: stack, writable: true, enumerable: false, configurable: true })
}

module.exports = { fromCaller, fromNoted, noteCaller, noteOne, rejectWithCallers }
