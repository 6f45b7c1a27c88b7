'use strict'

const { EventEmitter, once } = require('node:events')
const { connect, createServer } = require('node:net')

/** What no server answers, in any of the protocols that pass here. */
const NONSENSE = '\x00\x01 this is no answer \xff\xfe\r\n\r\n'

/**
 * A TCP proxy that does to the connections through it what networks and dying machines do.
 *
 * What it is told holds for connections that are open and for those that come. `pass()` ends it.
 */
class Proxy extends EventEmitter {
  #target
  #listener
  #pairs = new Set()
  #mode = 'pass'
  #delays = { request: 0, reply: 0 }
  #repliesToLose = 0

  /** @param {{ host: string, port: number }} target */
  constructor(target) {
    super()
    this.#target = target
  }

  /** Listens, on the same port as before if there was one. */
  async accept() {
    this.#listener = createServer({ allowHalfOpen: true }, (client) => this.#join(client))
    this.#listener.listen(this.port ?? 0, '127.0.0.1')
    await once(this.#listener, 'listening')
    this.port = this.#listener.address().port
  }

  /** Refuses new connections. Those that are open stay. */
  refuse() {
    this.#listener.close()
  }

  /**
   * Everything goes through, at once. Connections that something is missing from are reset, as by a peer that knows
   * nothing of them.
   */
  pass() {
    this.#mode = 'pass'
    this.#delays = { request: 0, reply: 0 }
    this.#repliesToLose = 0
    for (const pair of this.#pairs) {
      if (pair.lossy) pair.reset()
      else pair.release()
    }
  }

  /** Resets all connections. */
  cut() {
    for (const pair of this.#pairs) pair.reset()
  }

  /** Ends all connections in the direction of the client, which the client may still write to. */
  halfClose() {
    for (const pair of this.#pairs) pair.halfClose()
  }

  /** Accepts, and swallows every byte: a peer that went away without a word. */
  swallow() {
    this.#mode = 'swallow'
  }

  /** Holds replies back until `pass()`. Emits `held` for each piece that waits. */
  hold() {
    this.#mode = 'hold'
  }

  /** Answers every request with something that is no answer. */
  talkNonsense() {
    this.#mode = 'nonsense'
  }

  /** Lets every byte arrive so many milliseconds later, by direction. */
  delay({ request = 0, reply = 0 }) {
    this.#delays = { request, reply }
  }

  /** The server carries the next requests out, and their connections are reset instead of a reply. */
  loseReplies(count = 1) {
    this.#repliesToLose = count
  }

  /** Ends it with all connections. */
  close() {
    this.cut()
    if (this.#listener.listening) this.#listener.close()
  }

  #join(client) {
    const pair = new Pair(client, connect(this.#target.port, this.#target.host))
    this.#pairs.add(pair)
    client.once('close', () => this.#pairs.delete(pair))
    client.on('data', (bytes) => this.#toServer(pair, bytes))
    pair.server.on('data', (bytes) => this.#toClient(pair, bytes))
  }

  #toServer(pair, bytes) {
    if (this.#mode === 'swallow') pair.lossy = true
    else if (this.#mode === 'nonsense') pair.answerNonsense()
    else pair.requests.push(bytes, this.#delays.request)
  }

  #toClient(pair, bytes) {
    if (this.#mode === 'swallow' || this.#mode === 'nonsense') {
      pair.lossy = true
    } else if (this.#repliesToLose > 0) {
      this.#repliesToLose -= 1
      pair.reset()
    } else if (this.#mode === 'hold') {
      pair.held.push(bytes)
      this.emit('held')
    } else {
      pair.replies.push(bytes, this.#delays.reply)
    }
  }
}

/** A client and the server behind it. */
class Pair {
  /** Whether bytes are missing from it. */
  lossy = false
  /** Replies that wait to be let through. */
  held = []

  constructor(client, server) {
    this.client = client
    this.server = server
    this.requests = new Line(server)
    this.replies = new Line(client)
    client.setNoDelay(true)
    server.setNoDelay(true)
    client.on('end', () => server.end())
    server.on('end', () => !this.lossy && client.end())
    // A connection that breaks on one side breaks on the other.
    for (const socket of [client, server]) socket.on('error', () => this.reset())
    client.once('close', () => server.destroy())
  }

  release() {
    for (const bytes of this.held.splice(0)) this.replies.push(bytes, 0)
  }

  halfClose() {
    this.lossy = true
    this.client.end()
  }

  answerNonsense() {
    this.lossy = true
    this.client.write(NONSENSE, 'latin1')
  }

  reset() {
    // Node.js cannot reset a socket that it has ended, and would wait for that to close when the process ends.
    if (this.client.writableEnded) this.client.destroy()
    else this.client.resetAndDestroy()
    this.server.destroy()
  }
}

/** Bytes on their way to a socket, in their order. */
class Line {
  #socket
  #last = Promise.resolve()

  constructor(socket) {
    this.#socket = socket
  }

  push(bytes, delay) {
    const arrived = delay > 0 ? new Promise((resolve) => setTimeout(resolve, delay)) : undefined
    this.#last = this.#last.then(() => arrived).then(() => this.#socket.writable && this.#socket.write(bytes))
  }
}

/** A proxy in front of `target`, for the time of the test. */
async function proxyTo(t, target) {
  const proxy = new Proxy(target)
  await proxy.accept()
  t.after(() => proxy.close())
  return proxy
}

/** Host and port of a server that is known by its address. */
function targetOf(address) {
  const { hostname, port } = new URL(address)
  return { host: hostname, port: Number(port) }
}

module.exports = { proxyTo, targetOf }
