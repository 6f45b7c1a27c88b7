// Starts servers, watches them, and stops them in every case.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Failure, heading, must, which } from '../run.mjs'
import { ServerProcess, freePort } from './server-process.mjs'

/** How often a server is started anew when it ends at once, which is what a taken port looks like. */
const attempts = 3

/** What a server definition gets to work with. */
export class ServerHost {
  #folder = mkdtempSync(join(tmpdir(), 'redkv-servers-'))
  #folders = [this.#folder]
  #installing = Promise.resolve()
  #packageListIsNew = false
  #processes = []
  #report

  /**
   * @param {AbortSignal} signal ends what is being prepared
   * @param {(failure: Failure) => void} report called when a server that was ready ends by itself
   */
  constructor(signal, report) {
    this.signal = signal
    this.#report = report
  }

  /**
   * The path of a program that a server needs. A missing one is installed where that is possible.
   *
   * @param {string} program
   * @param {string} debianPackage the Debian package that brings it
   */
  async program(program, debianPackage) {
    const found = which(program)
    if (found) return found
    if (process.getuid?.() !== 0 || !which('apt-get')) {
      throw new Failure(`${program} is missing: install it (on Debian and Ubuntu: apt-get install ${debianPackage})`)
    }
    // One at a time: apt-get takes a lock.
    this.#installing = this.#installing.then(() => this.#install(debianPackage))
    await this.#installing
    const installed = which(program)
    if (installed) return installed
    throw new Failure(`${program} is missing, and apt-get install ${debianPackage} did not bring it`)
  }

  async #install(debianPackage) {
    heading(`Installing ${debianPackage}`)
    // The run level keeps a package from starting its own server.
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
    const options = { env, signal: this.signal, stdio: ['ignore', 'pipe', 'pipe'] }
    if (!this.#packageListIsNew) await must('apt-get', ['update', '-qq'], options)
    this.#packageListIsNew = true
    await must('apt-get', ['install', '-y', '-qq', '--no-install-recommends', debianPackage], options)
  }

  /** A folder that is removed when the servers are stopped: for data, and not within one of another user. */
  newFolder(name) {
    const folder = mkdtempSync(join(tmpdir(), `redkv-${name}-`))
    this.#folders.push(folder)
    return folder
  }

  /**
   * Starts a program on a free port and resolves with the port once it answers.
   *
   * Its working directory is a folder of its own unless `cwd` says otherwise.
   *
   * @param {{ name: string, command: string, args: (port: number) => string[], answers: (port: number) => Promise<void>, cwd?: string }} server
   */
  async serve({ name, command, args, answers, cwd }) {
    let problem
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const port = await freePort()
      this.signal.throwIfAborted()
      const server = new ServerProcess(name, command, args(port), this.#folder, cwd)
      this.#processes.push(server)
      problem = await server.ready(() => answers(port), this.signal)
      if (problem === undefined) {
        void server.crashed().then((reason) => this.#report(new Failure(reason)))
        return port
      }
      await server.stop()
    }
    throw new Failure(problem)
  }

  /** A folder for what servers need before they start. It goes with them. */
  folder(name) {
    return mkdtempSync(join(this.#folder, `${name}-`))
  }

  /** Stops all servers and removes their folders. */
  async stop() {
    await Promise.all(this.#processes.map((server) => server.stop()))
    this.#clean()
  }

  /** The same without waiting, by force. */
  kill() {
    for (const server of this.#processes) server.kill()
    this.#clean()
  }

  #clean() {
    for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true })
  }
}
