'use strict'

const { fork } = require('node:child_process')
const { once } = require('node:events')

// A chain in a process of its own. Run as a program, this file is that process.

/** The chain of another process: calls its operations there. */
class KvProcess {
  #child
  #calls = new Map()
  #next = 0

  constructor(child) {
    this.#child = child
    child.on('message', ({ id, value, error }) => {
      const { resolve, reject } = this.#calls.get(id)
      this.#calls.delete(id)
      if (error === undefined) resolve(value)
      else reject(Object.assign(new Error(error.message), error))
    })
    child.on('exit', (code, signal) => {
      for (const { reject } of this.#calls.values()) reject(new Error(`the process ended: ${code ?? signal}`))
    })
  }

  /** Calls an operation of the chain. */
  call(operation, ...args) {
    return new Promise((resolve, reject) => {
      const id = this.#next++
      this.#calls.set(id, { resolve, reject })
      this.#child.send({ id, operation, args })
    })
  }

  /** Ends the process by itself: nobody talks to it any more. */
  async end() {
    if (!this.#child.connected) return
    const exit = once(this.#child, 'exit')
    this.#child.disconnect()
    await exit
  }

  /** Stops it where it is, as a machine does that is put to sleep. */
  freeze() {
    this.#child.kill('SIGSTOP')
  }

  /** Lets it go on. */
  thaw() {
    this.#child.kill('SIGCONT')
  }

  /** Ends it as a crash does. */
  async kill() {
    const exit = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exit
  }
}

/** A process with a chain of these stores, the arguments of `addStore` each, for the time of the test. */
async function kvProcess(t, ...stores) {
  const child = fork(__filename, [JSON.stringify(stores)])
  const kv = new KvProcess(child)
  t.after(() => kv.end())
  await kv.call('ready')
  return kv
}

function serve(stores) {
  const RedKV = require('../..')
  const kv = new RedKV()
  for (const store of stores) kv.addStore(...store)
  process.on('message', ({ id, operation, args }) => {
    kv[operation](...args).then(
      (value) => process.send({ id, value: value ?? null }),
      ({ message, code, store }) => process.send({ id, error: { message, code, store } }),
    )
  })
}

if (require.main === module) serve(JSON.parse(process.argv[2]))

module.exports = { kvProcess }
