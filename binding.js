'use strict'

// Loads the native addon of this platform: a file that was built here, else the platform's npm package.
// Every path is written out so that bundlers and file tracers find it, and in a `try` of its own, which is how they know
// that it may be missing: those of the other platforms are.

const { closeSync, openSync, readSync } = require('node:fs')

const platforms = [
  ...['darwin-arm64', 'darwin-x64'],
  ...['linux-arm64-gnu', 'linux-arm64-musl', 'linux-x64-gnu', 'linux-x64-musl'],
  ...['win32-x64-msvc'],
]

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

/** The addon of `platform`, if there is one that loads; what kept the others from it is added to `failures`. */
function addonOf(platform, failures) {
  switch (platform) {
    case 'darwin-arm64':
      try {
        return require('./redkv.darwin-arm64.node')
      } catch (error) {
        failures.push(error)
      }
      try {
        return require('redkv-darwin-arm64')
      } catch (error) {
        failures.push(error)
      }
      return undefined
    case 'darwin-x64':
      try {
        return require('./redkv.darwin-x64.node')
      } catch (error) {
        failures.push(error)
      }
      try {
        return require('redkv-darwin-x64')
      } catch (error) {
        failures.push(error)
      }
      return undefined
    case 'linux-arm64-gnu':
      try {
        return require('./redkv.linux-arm64-gnu.node')
      } catch (error) {
        failures.push(error)
      }
      try {
        return require('redkv-linux-arm64-gnu')
      } catch (error) {
        failures.push(error)
      }
      return undefined
    case 'linux-arm64-musl':
      try {
        return require('./redkv.linux-arm64-musl.node')
      } catch (error) {
        failures.push(error)
      }
      try {
        return require('redkv-linux-arm64-musl')
      } catch (error) {
        failures.push(error)
      }
      return undefined
    case 'linux-x64-gnu':
      try {
        return require('./redkv.linux-x64-gnu.node')
      } catch (error) {
        failures.push(error)
      }
      try {
        return require('redkv-linux-x64-gnu')
      } catch (error) {
        failures.push(error)
      }
      return undefined
    case 'linux-x64-musl':
      try {
        return require('./redkv.linux-x64-musl.node')
      } catch (error) {
        failures.push(error)
      }
      try {
        return require('redkv-linux-x64-musl')
      } catch (error) {
        failures.push(error)
      }
      return undefined
    case 'win32-x64-msvc':
      try {
        return require('./redkv.win32-x64-msvc.node')
      } catch (error) {
        failures.push(error)
      }
      try {
        return require('redkv-win32-x64-msvc')
      } catch (error) {
        failures.push(error)
      }
      return undefined
    default:
      throw new Error(`redkv has no addon for ${platform}, only for ${platforms.join(', ')}`)
  }
}

function loadAddon() {
  const platform = platformName()
  const failures = []
  const addon = addonOf(platform, failures)
  if (addon !== undefined) return addon
  const reasons = failures.map((error) => `  ${String(error?.message ?? error).split('\n', 1)[0]}`).join('\n')
  throw new Error(
    `redkv could not load its addon for ${platform}:\n${reasons}\n` +
      `It comes with the optional dependency redkv-${platform}: install without --omit=optional, and on the platform ` +
      'that runs it.',
    { cause: failures.at(-1) },
  )
}

module.exports = loadAddon()
