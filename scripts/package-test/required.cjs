const assert = require('node:assert/strict')
const RedKV = require('redkv')
const use = require('./use.cjs')

assert.equal(RedKV.RedKV, RedKV)
assert.ok(RedKV.RedKVError.prototype instanceof Error)
assert.equal(require('redkv/package.json').name, 'redkv')

use(RedKV, 'require')
