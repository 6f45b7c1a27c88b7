'use strict'

const { randomUUID } = require('node:crypto')
const { mkdtempSync, rmSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')

/** An empty folder for the time of the test. */
function freshFolder(t) {
  const folder = mkdtempSync(join(tmpdir(), 'redkv-test-'))
  t.after(() => removed(folder))
  return folder
}

/** A store that is still open may write a file while the folder is removed, which is then not empty. */
function removed(folder, attempts = 20) {
  try {
    rmSync(folder, { recursive: true, force: true })
  } catch (error) {
    if (error.code !== 'ENOTEMPTY' || attempts === 1) throw error
    removed(folder, attempts - 1)
  }
}

/** The path of a database file that is not there yet. */
function freshFile(t) {
  return join(freshFolder(t), 'test.sqlite')
}

/** A prefix of keys that nobody else uses. */
function freshPrefix() {
  return `${randomUUID()}:`
}

/** The address of a test server. A missing one is a failure, not a reason to skip. */
function server(variable) {
  const address = process.env[variable]
  if (!address) throw new Error(`${variable} is not set: run the tests with npm test, or node scripts/servers.mjs -- …`)
  return address
}

module.exports = { freshFile, freshFolder, freshPrefix, server }
