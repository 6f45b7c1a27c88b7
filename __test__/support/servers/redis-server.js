'use strict'

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const { connect, createServer } = require('node:net')
const { setTimeout: sleep } = require('node:timers/promises')
const { freshFolder } = require('../fresh.js')

/** Whether nobody listens on a port. */
const isFree = (port) =>
  new Promise((resolve) => {
    const server = createServer()
      .once('error', () => resolve(false))
      .listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })

/** A free port below the ephemeral range: the system assigns it to nobody else before it is used. */
async function freePort() {
  const port = 10_000 + Math.floor(Math.random() * 22_000)
  return (await isFree(port)) ? port : freePort()
}

/** A redis-server of its own for a test, that can be killed and comes back with its data. */
class PrivateRedis {
  #child
  #more

  /** @param {string} folder where it keeps its data @param {string[]} more arguments */
  constructor(port, folder, more = []) {
    this.port = port
    this.folder = folder
    this.#more = more
  }

  /** Starts the server and resolves once it answers. */
  async start() {
    const listen = ['--bind', '127.0.0.1', '--port', String(this.port)]
    // What is acknowledged is in the file, which outlives the process; the disk need not have it.
    const persist = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'no']
    // A configuration file comes first, and brings its own ideas of what to keep.
    const args = this.#more[0]?.startsWith('--') === false ? [...this.#more, ...listen] : [...listen, ...persist, ...this.#more]
    this.#child = spawn('redis-server', args, { cwd: this.folder, stdio: 'ignore' })
    await once(this.#child, 'spawn')
    while (!(await this.answers())) {
      if (this.#child.exitCode !== null) throw new Error(`redis-server ended with code ${this.#child.exitCode}`)
      await sleep(20)
    }
  }

  /** Whether it is up. */
  answers() {
    return this.command('PING').then(
      (reply) => reply === 'PONG',
      () => false,
    )
  }

  /** What the server answers to one command on a connection of its own: text, or `null`. Rejects with its errors. */
  command(...words) {
    return new Promise((resolve, reject) => {
      const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`)
      const request = `${this.#login ?? ''}*${words.length}\r\n${parts.join('')}QUIT\r\n`
      const socket = connect(this.port, '127.0.0.1', () => socket.write(request))
      let replies = ''
      socket.setEncoding('utf8').on('data', (text) => (replies += text))
      socket.once('error', reject)
      socket.once('close', () => {
        const [first, text] = replies.slice(this.#login === undefined ? 0 : '+OK\r\n'.length).split('\r\n')
        if (first.startsWith('-')) reject(new Error(first))
        else if (first.startsWith('$')) resolve(first === '$-1' ? null : text)
        else if (first === '') reject(new Error('no answer'))
        else resolve(first.slice(1))
      })
    })
  }

  #login

  /** Asks everybody for a password from now on, connections that are open included; an empty one is none. */
  async requirePassword(password) {
    await this.command('CONFIG', 'SET', 'requirepass', password)
    this.#login = password === '' ? undefined : `AUTH ${password}\r\n`
    await this.command('CLIENT', 'KILL', 'TYPE', 'normal')
  }

  /** Ends the server as a crash would. */
  async kill() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exit = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exit
  }

  /** Makes the server silent, with its connections open. */
  pause() {
    this.#child.kill('SIGSTOP')
  }

  /** Lets it go on where it was. */
  resume() {
    this.#child.kill('SIGCONT')
  }

  get pid() {
    return this.#child.pid
  }

  /** Options of a client. */
  get options() {
    return { host: '127.0.0.1', port: this.port }
  }
}

/** A running redis-server that only this test uses; `more` are arguments. */
async function privateRedis(t, more, Kind = PrivateRedis) {
  const server = new Kind(await freePort(), freshFolder(t), more)
  await server.start()
  t.after(() => server.kill())
  return server
}

module.exports = { PrivateRedis, freePort, privateRedis }
