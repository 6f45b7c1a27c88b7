// What `require` gives: the class, with everything else as its properties.

import RedKV = require('redkv')
import { assert, type Equal } from './equal.js'

const redkv: RedKV = new RedKV()
const { RedKV: Named, RedKVError } = RedKV

assert<Equal<typeof RedKV.RedKV, typeof RedKV>>()
assert<Equal<typeof Named, typeof RedKV>>()
assert<Equal<typeof RedKVError, typeof RedKV.RedKVError>>()
assert<Equal<RedKV.RedKV, RedKV>>()

const store: RedKV.Store = redkv.addStore('memory')
const error: RedKV.RedKVError = new RedKVError('ERR_REDKV_CLOSED', 'closed')
const ttl: RedKV.Duration = '10s'
const options: RedKV.RedisOptions = { host: 'localhost' }

// @ts-expect-error — the class of a store is not given out: stores come from addStore
new RedKV.Store()

// @ts-expect-error — there is no default export to require
RedKV.default

export { error, options, store, ttl }
