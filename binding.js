'use strict'

// Loads the native addon of this platform: a file that was built here, else the platform's npm package.
// Every path is written out so that bundlers and file tracers find it.

const { closeSync, openSync, readSync } = require('node:fs')

const addons = {
  'darwin-arm64': [() => require('./redkv.darwin-arm64.node'), () => require('redkv-darwin-arm64')],
  'darwin-x64': [() => require('./redkv.darwin-x64.node'), () => require('redkv-darwin-x64')],
  'linux-arm64-gnu': [() => require('./redkv.linux-arm64-gnu.node'), () => require('redkv-linux-arm64-gnu')],
  'linux-arm64-musl': [() => require('./redkv.linux-arm64-musl.node'), () => require('redkv-linux-arm64-musl')],
  'linux-x64-gnu': [() => require('./redkv.linux-x64-gnu.node'), () => require('redkv-linux-x64-gnu')],
  'linux-x64-musl': [() => require('./redkv.linux-x64-musl.node'), () => require('redkv-linux-x64-musl')],
  'win32-x64-msvc': [() => require('./redkv.win32-x64-msvc.node'), () => require('redkv-win32-x64-msvc')],
}

/** This platform, named as in the names of the platform packages. */
function platformName() {
  const { arch, platform } = process
  if (platform === 'linux') return `linux-${arch}-${usesMusl() ? 'musl' : 'gnu'}`
  if (platform === 'win32') return `win32-${arch}-msvc`
  return `${platform}-${arch}`
}

/**
 * Whether this Node.js was built for musl (Alpine): the head of its executable names its dynamic linker.
 * The files of the system can mislead (Debian can have musl installed, Alpine a glibc shim), and both
 * `process.report` and a child process cost many milliseconds.
 */
function usesMusl() {
  const head = Buffer.alloc(4096)
  try {
    const executable = openSync(process.execPath, 'r')
    try {
      readSync(executable, head, 0, head.length, 0)
    } finally {
      closeSync(executable)
    }
  } catch {
    return false
  }
  return head.includes('/ld-musl-')
}

function loadAddon() {
  const platform = platformName()
  if (!Object.hasOwn(addons, platform)) {
    throw new Error(`redkv has no addon for ${platform}, only for ${Object.keys(addons).join(', ')}`)
  }
  const failures = []
  for (const load of addons[platform]) {
    try {
      return load()
    } catch (error) {
      failures.push(error)
    }
  }
  const reasons = failures.map((error) => `  ${error.message.split('\n', 1)[0]}`).join('\n')
  throw new Error(
    `redkv could not load its addon for ${platform}:\n${reasons}\n` +
      `It comes with the optional dependency redkv-${platform}: install without --omit=optional, and on the platform ` +
      'that runs it.',
    { cause: failures.at(-1) },
  )
}

module.exports = loadAddon()
