import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import RedKV, { RedKV as Named, RedKVError, Structures } from 'redkv'
import use from './use.cjs'

assert.equal(Named, RedKV)
assert.equal(Structures, RedKV.Structures)
assert.ok(RedKVError.prototype instanceof Error)
assert.equal(createRequire(import.meta.url)('redkv'), RedKV, 'require and import give one class')

await use(RedKV, 'import')
