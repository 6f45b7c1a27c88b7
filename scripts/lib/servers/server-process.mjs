// One server that runs for the tests.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** How long a server may take until it answers, in milliseconds: a cold Java machine on a busy computer is slow. */
const patience = 90_000

/** How long a server that was asked to end may take before it is killed, in milliseconds. */
const grace = 5_000

/** Whether nobody listens on a port. */
const isFree = (port) =>
  new Promise((resolve) => {
    const server = createServer()
      .once('error', () => resolve(false))
      .listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })

/** A free port below the ephemeral range: the system assigns it to nobody else before it is used. */
export async function freePort() {
  const port = 10_000 + Math.floor(Math.random() * 22_000)
  return (await isFree(port)) ? port : freePort()
}

/** A server with its own process group, temporary folder and log. */
export class ServerProcess {
  #child
  #ended
  #log
  #stopping = false

  /** Starts a program; `folder` is where its own folder is made, which is its working directory unless `cwd` is. */
  constructor(name, command, args, folder, cwd) {
    this.name = name
    this.folder = mkdtempSync(join(folder, `${name}-`))
    this.#log = join(this.folder, 'output.log')
    const log = openSync(this.#log, 'a')
    // Its own group: Ctrl-C in a terminal reaches the tests first, and the server when they are done.
    this.#child = spawn(command, args, { cwd: cwd ?? this.folder, detached: true, stdio: ['ignore', log, log] })
    closeSync(log)
    this.#ended = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve(error.message))
      this.#child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
    })
  }

  /** Whether the program still runs. */
  get running() {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Resolves with the reason when the program ends although nobody asked it to. */
  async crashed() {
    const reason = await this.#ended
    return this.#stopping ? new Promise(() => {}) : `${this.name} ended by itself (${reason})${this.lastWords()}`
  }

  /** Resolves with `undefined` once the server answers, else with the reason why it never will. */
  async ready(answers, signal) {
    const deadline = performance.now() + patience
    let last
    while (this.running && performance.now() < deadline) {
      signal.throwIfAborted()
      try {
        await answers()
        // Who answered could be a stranger that took the port first: then our program has ended.
        await sleep(50)
        if (this.running) return undefined
      } catch (error) {
        last = error
        await sleep(100)
      }
    }
    if (this.running) return `${this.name} gave no answer in ${patience / 1000} s (${last?.message})${this.lastWords()}`
    return `${this.name} ended at once (${await this.#ended})${this.lastWords()}`
  }

  /** The end of what the program printed. */
  lastWords() {
    const lines = readFileSync(this.#log, 'utf8').trimEnd().split('\n').slice(-20)
    return lines.map((line) => `\n  | ${line}`).join('')
  }

  /** Ends the program, by force if it takes too long. */
  async stop() {
    this.#stopping = true
    if (!this.running) return
    this.#child.kill('SIGTERM')
    const force = setTimeout(() => this.kill(), grace)
    await this.#ended
    clearTimeout(force)
  }

  /** Ends the program and what it started, without waiting: also for the moment when this process ends. */
  kill() {
    this.#stopping = true
    if (!this.running) return
    try {
      process.kill(-this.#child.pid, 'SIGKILL')
    } catch {
      // It ended meanwhile.
    }
  }
}
