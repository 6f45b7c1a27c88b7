'use strict'

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const { join } = require('node:path')

const root = join(__dirname, '..', '..')

/** After this a process counts as hung, in milliseconds, and is killed: its `signal` is `SIGKILL`. */
const patience = 120_000

/** Runs a program to its end: `{ code, signal, stdout, stderr }`. */
async function run(command, args, options) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
  const result = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text) => (result.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text) => (result.stderr += text))
  const timer = setTimeout(() => child.kill('SIGKILL'), patience)
  const [code, signal] = await once(child, 'close')
  clearTimeout(timer)
  return { code, signal, ...result }
}

/** What scripts of child processes begin with: `RedKV`, as `require` gives it. */
const prelude = `const RedKV = require(${JSON.stringify(root)});\n`

/** Runs JavaScript (CommonJS, with `RedKV` at hand) in a Node.js process of its own. */
function child(source, ...flags) {
  return run(process.execPath, [...flags, '--eval', prelude + source])
}

/** The same, by the name of a function: its body is what the process runs. `data` is its argument, as JSON. */
function childOf(script, data, ...flags) {
  return child(`;(${script})(${JSON.stringify(data)})`, ...flags)
}

/** Asserts that a process ended well, having printed `stdout`. */
function printed(result, stdout) {
  const { code, signal } = result
  assert.deepEqual({ code, signal, stdout: result.stdout }, { code: 0, signal: null, stdout }, result.stderr)
}

module.exports = { child, childOf, prelude, printed, root, run }
