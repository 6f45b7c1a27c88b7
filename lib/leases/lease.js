'use strict'

// Leases between processes: taken, renewed while the event loop turns, and given back. Documented in index.d.ts.

const { performance } = require('node:perf_hooks')
const timers = require('node:timers')
const { inspect } = require('node:util')

const { pending } = require('../bridge.js')
const { argumentError, described, leaseLostError } = require('../errors.js')
const { reason, signalOf, untilAborted } = require('../signals.js')
const { fromCaller } = require('../stacks.js')

// What tests and tracers replace is taken as it is when this module is loaded.
const { clearTimeout, setTimeout } = timers
const now = performance.now.bind(performance)
const { kill, pid } = process

/** A lease is renewed so often in its life. */
const RENEWALS = 3

/** The pauses of who waits for a lease, in milliseconds. */
const FIRST_PAUSE = 25
const LONGEST_PAUSE = 500

/** So long the end of the process waits for leases that are given back, in milliseconds. */
const LAST_SECOND = 1000

/** The leases that are held, by the functions of the addon of their instance. */
const held = new Map()

/** What a lease keeps. */
const STATE = Symbol('lease')

/** A lease that was taken. Documented in index.d.ts. */
class Lease {
  constructor(state) {
    Object.defineProperty(this, STATE, { value: state })
    Object.defineProperty(this, 'name', { value: state.name, enumerable: true })
    Object.defineProperty(this, 'token', { value: state.token, enumerable: true })
    Object.defineProperty(this, 'lost', { value: state.controller.signal, enumerable: true })
  }

  async release() {
    try {
      await released(this[STATE])
    } catch (error) {
      throw fromCaller(error, Lease.prototype.release)
    }
  }

  [Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose')]() {
    return this.release()
  }

  [inspect.custom]() {
    const { name, token, isReleased, controller } = this[STATE]
    const end = isReleased ? ', released' : controller.signal.aborted ? ', lost' : ''
    return `Lease(${inspect(name)}, ${token}n${end})`
  }
}

/** Takes the lease called `name`, or resolves to `null` while another one holds it. */
async function acquired(called, target, name, options) {
  try {
    const { native, index } = target()
    const signal = signalOf(options, ['ttl', 'wait', 'signal'])
    const life = native.leaseLife(options?.ttl)
    const patience = patienceOf(native, options?.wait)
    return await taken({ native, index, name, life }, patience, signal)
  } catch (error) {
    if (error?.code === 'ERR_REDKV_ARGUMENT') error.operation ??= 'lease'
    throw fromCaller(error, called)
  }
}

function patienceOf(native, wait) {
  if (wait === undefined || wait === false) return 0
  if (wait === true) throw argumentError('wait', 'wait must be false, or how long to wait, such as 5000 or "5s"')
  if (typeof wait !== 'number' && typeof wait !== 'string') {
    throw argumentError('wait', `wait must be false, or how long to wait, such as 5000 or "5s", got ${described(wait)}`)
  }
  return native.duration('wait', wait)
}

/** Tries until the lease is taken, or `patience` is over. */
async function taken(lease, patience, signal) {
  const end = now() + patience
  for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    // From before it is asked for: whatever the answer takes counts.
    const since = now()
    const token = await stepOf(lease, signal)
    if (token !== null) return new Lease(begun(lease, token, since))
    const left = end - now()
    if (left <= 0) return null
    await slept(Math.min(left, pause * (0.5 + Math.random())), signal)
  }
}

/** Asks for the lease. One that comes when nobody waits for it any more is given back. */
function stepOf(lease, signal) {
  const step = () => sent(lease, undefined, false)
  if (signal === undefined) return step()
  return untilAborted(signal, reason, () => {
    const asked = step()
    asked.then((token) => {
      if (token !== null && signal.aborted) sent(lease, token, true).catch(() => {})
    }, () => {})
    return asked
  })
}

function slept(millis, signal) {
  const sleep = () => new Promise((resolve) => setTimeout(resolve, millis))
  return signal === undefined ? sleep() : untilAborted(signal, reason, sleep)
}

/** Begins a step in the addon: without a token the lease is taken, with one it is prolonged, or given back. */
async function sent({ native, index, name, life }, token, releases) {
  return pending(native.lease(index, name, life, token, releases))
}

/** Begins to hold a lease that was asked for at `since`. */
function begun(lease, token, since) {
  const state = { ...lease, token, until: since + lease.life, controller: new AbortController(), timer: undefined, isReleased: false }
  if (!held.has(lease.native)) held.set(lease.native, new Set())
  held.get(lease.native).add(state)
  watchExits()
  renewLater(state, since + lease.life / RENEWALS)
  return state
}

/** Looks after a lease at `time`, or when its life is over if that is before. */
function renewLater(state, time) {
  const millis = Math.max(0, Math.min(time, state.until) - now())
  state.timer = setTimeout(renew, millis, state)
  state.timer.unref?.()
}

async function renew(state) {
  const since = now()
  // A loop that was blocked, or a process that slept, finds out here, before it asks.
  if (since >= state.until) return lose(state, 'its life was over before it could be renewed')
  // In case no answer comes.
  renewLater(state, state.until)
  const { timer } = state
  let isOurs
  try {
    isOurs = (await sent(state, state.token, false)) !== null
  } catch {
    // It is ours until its life is over: until then there is time to try again.
    isOurs = undefined
  }
  if (state.isReleased || state.controller.signal.aborted) return
  clearTimeout(timer)
  if (isOurs === false) return lose(state, 'another process took it, or it was gone')
  if (isOurs === true) state.until = since + state.life
  renewLater(state, (isOurs ? since : now()) + state.life / RENEWALS / (isOurs ? 1 : 2))
}

function lose(state, why) {
  forget(state)
  state.controller.abort(leaseLostError(state.name, why))
}

function forget(state) {
  clearTimeout(state.timer)
  const all = held.get(state.native)
  all?.delete(state)
  if (all?.size === 0) held.delete(state.native)
  if (held.size === 0) unwatchExits()
}

/** Gives a lease back, once. */
async function released(state) {
  if (state.isReleased) return
  state.isReleased = true
  if (state.controller.signal.aborted) return
  forget(state)
  await sent(state, state.token, true)
}

/** Gives all leases of an instance back. Who closes it hears of nothing that fails: their lives end by themselves. */
function releaseAll(native) {
  return Promise.allSettled([...(held.get(native) ?? [])].map(released))
}

function releaseEverything() {
  return Promise.all([...held.keys()].map(releaseAll))
}

const SIGNALS = ['SIGINT', 'SIGTERM']
let isWatching = false

/** What all copies of this module know each other's listeners by: they are none of the program. */
const IS_OURS = Symbol.for('redkv.lease.onSignal')
onSignal[IS_OURS] = true

function watchExits() {
  if (isWatching) return
  isWatching = true
  process.on('beforeExit', releaseEverything)
  // First, to see who else listens before those who listen once are gone.
  for (const name of SIGNALS) process.prependListener(name, onSignal)
}

function unwatchExits() {
  if (!isWatching) return
  isWatching = false
  process.off('beforeExit', releaseEverything)
  for (const name of SIGNALS) process.off(name, onSignal)
}

/** Gives everything back, and lets the signal do what it would have done: nothing, where the program handles it. */
function onSignal(name) {
  const isAlone = process.listeners(name).every((listener) => listener[IS_OURS] === true)
  const timer = setTimeout(end, LAST_SECOND)
  releaseEverything().then(end, end)
  let hasEnded = false
  function end() {
    if (hasEnded) return
    hasEnded = true
    clearTimeout(timer)
    if (!isAlone) return
    unwatchExits()
    kill.call(process, pid, name)
  }
}

module.exports = { acquired, releaseAll }
