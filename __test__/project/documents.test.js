'use strict'

// The documents are true: their code compiles, runs where it needs no server, and their links lead somewhere.

const assert = require('node:assert/strict')
const { execFile } = require('node:child_process')
const { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { describe, test } = require('node:test')
const { promisify } = require('node:util')

const { compile, deadLinks, documents, fileOf, isProgram, samples } = require('../support/documents/samples.js')
const { literals, members } = require('../types/declared.js')

const root = join(__dirname, '..', '..')
const read = (document) => readFileSync(join(root, document), 'utf8')

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

test('docs/stores.md compares all stores, and has a section for each', () => {
  const stores = literals('StoreName')
  const text = read('docs/stores.md')
  const [, heads] = /^## What each store can do\n\n(.+)$/m.exec(text)
  assert.deepEqual([...heads.matchAll(/`(\w+)`/g)].map(([, store]) => store).sort(), stores)
  assert.deepEqual(stores.filter((store) => !text.includes(`\n## ${store}\n`)), [])
})

test('README.md names every tier option and every operation', () => {
  const text = read('README.md')
  const options = members('TierOptions').map(({ name }) => name).filter((name) => !text.includes(`\`${name}\``))
  const operations = members('Operations').map(({ name }) => name).filter((name) => !new RegExp(`\\b${name}\\b`).test(text))
  assert.deepEqual([options, operations], [[], []])
})
