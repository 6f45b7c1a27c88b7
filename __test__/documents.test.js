'use strict'

// The documents keep what they promise: their code compiles, runs where it needs no server, and their links lead somewhere.

const assert = require('node:assert/strict')
const { execFile } = require('node:child_process')
const { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { describe, test } = require('node:test')
const { promisify } = require('node:util')

const { compile, deadLinks, documents, fileOf, isProgram, samples } = require('./support/samples.js')

const root = join(__dirname, '..')

/** Runs a program in a folder of its own, in which RedKV is installed. */
async function run(t, sample) {
  const folder = mkdtempSync(join(tmpdir(), 'redkv-sample-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules', 'redkv'), 'junction')
  const program = join(folder, fileOf(sample))
  writeFileSync(program, sample.text)
  return promisify(execFile)(process.execPath, [program], { cwd: folder })
}

test('every block of code in the documents compiles', () => {
  assert.deepEqual(compile(), [])
})

describe('a program in the documents runs to its end without a warning', () => {
  for (const sample of samples.filter(isProgram)) {
    test(`${sample.document}:${sample.line}`, async (t) => {
      const { stderr } = await run(t, sample)
      assert.equal(stderr, '')
    })
  }
})

describe('every relative link leads somewhere', () => {
  for (const document of documents()) {
    test(document, () => {
      assert.deepEqual(deadLinks(document), [])
    })
  }
})
