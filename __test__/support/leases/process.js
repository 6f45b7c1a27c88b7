'use strict'

const { fork } = require('node:child_process')
const { once } = require('node:events')

// A process that takes a lease and keeps it. Run as a program, this file is that process.

/**
 * A process that asks a store, the arguments of `addStore`, for a lease, for the time of the test. Resolves once it asks, with
 * `token`, a promise of that of its lease, and `kill()`.
 */
async function leaseProcess(t, store, name, options) {
  const child = fork(__filename, [JSON.stringify({ store, name, options })])
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
  }
  t.after(kill)
  const ends = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`the process ended: ${code ?? signal}`)
  })
  const told = (field) =>
    new Promise((resolve) => child.on('message', (message) => field in message && resolve(message[field])))
  const [asks, token] = [told('asks'), Promise.race([told('token').then(BigInt), ends])]
  token.catch(() => {})
  await Promise.race([asks, ends])
  return { token, kill }
}

async function hold({ store, name, options }) {
  const RedKV = require('../../..')
  const kv = new RedKV()
  kv.addStore(...store)
  await kv.ready()
  const lease = kv.lease(name, options)
  process.send({ asks: name })
  process.send({ token: String((await lease).token) })
}

if (require.main === module) hold(JSON.parse(process.argv[2]))

module.exports = { leaseProcess }
