'use strict'

// What happens to the server of a round, while its operations are on their way.

const { connect } = require('node:net')
const { setTimeout: sleep } = require('node:timers/promises')

/** Sends one command and waits for its answer. */
function command(redis, text) {
  return new Promise((resolve, reject) => {
    const socket = connect(redis.port, '127.0.0.1', () => socket.write(`${text}\r\n`))
    socket.once('data', () => {
      socket.destroy()
      resolve()
    })
    socket.once('error', reject)
  })
}

/** Faults in turn, one a round: each begins, lasts, and is over when its promise resolves. */
const faults = [
  async function nothing() {},

  async function killedAndRestarted(redis) {
    await redis.kill()
    await sleep(100)
    await redis.start()
  },

  async function pausedForLongerThanItsTimeout(redis) {
    process.kill(redis.pid, 'SIGSTOP')
    await sleep(300)
    process.kill(redis.pid, 'SIGCONT')
  },

  async function connectionsCut(redis) {
    for (let n = 0; n < 5; n += 1) {
      await command(redis, 'CLIENT KILL TYPE normal SKIPME yes')
      await sleep(10)
    }
  },

  async function writesRefused(redis) {
    await command(redis, 'CONFIG SET maxmemory 1')
    await sleep(200)
    await command(redis, 'CONFIG SET maxmemory 0')
  },
]

module.exports = { faults }
