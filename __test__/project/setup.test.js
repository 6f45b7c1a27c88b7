'use strict'

const assert = require('node:assert/strict')
const { mkdirSync, mkdtempSync, rmSync, writeFileSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { after, before, describe, test } = require('node:test')

let fresh
before(async () => {
  fresh = await import('../../scripts/lib/fresh.mjs')
})

describe('what is installed fits the lock file', () => {
  const lock = {
    packages: {
      '': { version: '2.0.0' },
      'node_modules/tool': { version: '1.0.0' },
      'node_modules/tool-of-another-platform': { version: '1.0.0', optional: true },
    },
  }

  test('when every package is there, but for optional ones', () => {
    assert.equal(fresh.isInstalled(lock, { packages: { 'node_modules/tool': { version: '1.0.0' } } }), true)
  })

  test('not when a package is missing', () => {
    assert.equal(fresh.isInstalled(lock, { packages: {} }), false)
  })

  test('not when a package has another version', () => {
    assert.equal(fresh.isInstalled(lock, { packages: { 'node_modules/tool': { version: '1.0.1' } } }), false)
  })

  test('not when a package is there that the lock file does not know', () => {
    const packages = { 'node_modules/tool': { version: '1.0.0' }, 'node_modules/other': { version: '1.0.0' } }
    assert.equal(fresh.isInstalled(lock, { packages }), false)
  })
})

describe('the digest of the sources', () => {
  const folder = mkdtempSync(join(tmpdir(), 'redkv-setup-'))
  const write = (path, content) => writeFileSync(join(folder, path), content)
  after(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'src'))
  write('src/lib.rs', 'one')

  test('stays when a file is written anew with the same content', () => {
    const digest = fresh.digestOfSources(folder)
    write('src/lib.rs', 'one')
    assert.equal(fresh.digestOfSources(folder), digest)
  })

  test('changes with the content of a file', () => {
    const digest = fresh.digestOfSources(folder)
    write('src/lib.rs', 'two')
    assert.notEqual(fresh.digestOfSources(folder), digest)
  })

  test('changes with a new file', () => {
    const digest = fresh.digestOfSources(folder)
    write('src/new.rs', '')
    assert.notEqual(fresh.digestOfSources(folder), digest)
  })

  test('leaves alone what the addon is not built from', () => {
    const digest = fresh.digestOfSources(folder)
    write('README.md', 'new')
    assert.equal(fresh.digestOfSources(folder), digest)
  })
})
