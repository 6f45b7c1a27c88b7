// Running other programs.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the repository. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** An expected failure: its message says all there is to say, a stack trace would add nothing. */
export class Failure extends Error {
  /** @param {string} message @param {number} [exitCode] */
  constructor(message, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

/** How long a program that was asked to end may take before it is killed, in milliseconds. */
const grace = 10_000

/** Sends a signal to a program and, where there are process groups, to everything it started. */
function kill(child, name) {
  try {
    if (process.platform === 'win32') child.kill(name)
    else process.kill(-child.pid, name)
  } catch {
    // It ended meanwhile.
  }
}

/**
 * Runs a program to its end, with its output on ours, and resolves with its exit code.
 *
 * When `signal` aborts, the program and all it started are asked to end, and the promise rejects with the reason once
 * the program has ended.
 */
export async function run(command, args, { env = process.env, cwd = root, signal, stdio = 'inherit' } = {}) {
  signal?.throwIfAborted()
  const detached = signal !== undefined && process.platform !== 'win32'
  const child = spawn(command, args, { cwd, detached, env, stdio })
  const output = []
  child.stdout?.on('data', (chunk) => output.push(chunk))
  child.stderr?.on('data', (chunk) => output.push(chunk))
  let killer
  const end = () => {
    kill(child, 'SIGTERM')
    killer = setTimeout(() => kill(child, 'SIGKILL'), grace)
  }
  signal?.addEventListener('abort', end)
  try {
    const [code, killedBy] = await once(child, 'close')
    signal?.throwIfAborted()
    return { code: code ?? 1, killedBy, output: Buffer.concat(output).toString() }
  } catch (error) {
    if (error.code === 'ENOENT') throw new Failure(`${command} is not installed (or not in PATH)`)
    throw error
  } finally {
    clearTimeout(killer)
    signal?.removeEventListener('abort', end)
  }
}

/** Runs a program that has to succeed. */
export async function must(command, args, options) {
  const { code, killedBy, output } = await run(command, args, options)
  if (code === 0) return output
  const shown = output === '' ? '' : `\n${output.trimEnd()}`
  throw new Failure(`${[command, ...args].join(' ')} failed (${killedBy ?? `exit code ${code}`})${shown}`)
}

/** What a program that has to succeed printed. */
export function read(command, args, options = {}) {
  return must(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
}

/** The command and leading arguments that start npm: the one that started us, else the one in PATH. */
export function npm(...args) {
  const running = process.env.npm_execpath
  if (running?.endsWith('.js')) return [process.execPath, [running, ...args]]
  return process.platform === 'win32' ? ['cmd', ['/c', 'npm', ...args]] : ['npm', args]
}

/** The path of a program in PATH, or `undefined`. */
export function which(program) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, program)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // Not in this folder.
    }
  }
  return undefined
}

/** A heading above the output of a step. */
export function heading(text) {
  console.log(`\n=== ${text}`)
}

/** Runs a script's main function; a `Failure` ends the process with its message and exit code. */
export async function main(body) {
  try {
    await body()
  } catch (error) {
    console.error(error instanceof Failure ? `\n${error.message}` : error)
    process.exitCode = error.exitCode ?? 1
  }
}
