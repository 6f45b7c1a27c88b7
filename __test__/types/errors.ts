// What operations reject with.

import RedKV, { RedKVError, type RedKVArgumentError, type RedKVErrorCode, type StoreName } from 'redkv'
import { assert, type Equal } from './equal.js'

declare const redkv: RedKV
declare const error: RedKVError
declare const argumentError: RedKVArgumentError

const asError: Error = error
const asTypeError: TypeError = argumentError

assert<Equal<typeof error.code, RedKVErrorCode>>()
assert<Equal<typeof error.store, StoreName | 'chain' | undefined>>()
assert<Equal<typeof error.operation, string | undefined>>()
assert<Equal<typeof error.field, string | undefined>>()
assert<Equal<typeof error.retryable, boolean>>()
assert<Equal<typeof error.outcome, 'not-applied' | 'unknown'>>()
assert<Equal<typeof error.cause, unknown>>()
assert<Equal<typeof error.errors, Map<string, RedKVError | RedKVArgumentError> | undefined>>()
assert<Equal<typeof error.values, (string | null | undefined)[] | (boolean | undefined)[] | undefined>>()
assert<Equal<typeof argumentError.code, 'ERR_REDKV_ARGUMENT'>>()
assert<Equal<typeof argumentError.field, string>>()
assert<Equal<typeof argumentError.retryable, false>>()
assert<Equal<typeof argumentError.outcome, 'not-applied'>>()

// An error is told apart by its class and its code

async function read(): Promise<string | null> {
  try {
    return await redkv.get('key')
  } catch (reason) {
    if (!(reason instanceof RedKVError)) throw reason
    assert<Equal<typeof reason, RedKVError>>()
    switch (reason.code) {
      case 'ERR_REDKV_CONNECTION':
      case 'ERR_REDKV_TIMEOUT':
      case 'ERR_REDKV_ABORTED':
        return null
      // @ts-expect-error — a wrong argument is a TypeError
      case 'ERR_REDKV_ARGUMENT':
      // @ts-expect-error — misspelt
      case 'ERR_REDKV_TIMED_OUT':
      default:
        throw reason
    }
  }
}

// Keys that failed tell why

for (const [key, failure] of error.errors ?? []) {
  assert<Equal<typeof key, string>>()
  if (failure.code === 'ERR_REDKV_ARGUMENT') assert<Equal<typeof failure, RedKVArgumentError>>()
  else assert<Equal<typeof failure.code, RedKVErrorCode>>()
}

// @ts-expect-error — only errors of operations on many keys have it
error.errors.size
// @ts-expect-error — an error stays what it is
error.code = 'ERR_REDKV_TIMEOUT'

// Errors can be made, for tests

new RedKVError('ERR_REDKV_TIMEOUT', 'no answer')
new RedKVError('ERR_REDKV_TIMEOUT', 'no answer', { store: 'redis', operation: 'get', retryable: true, cause: new Error('why') })

// @ts-expect-error — an error has a code
new RedKVError('no answer')
// @ts-expect-error — an error has a message
new RedKVError('ERR_REDKV_TIMEOUT')
new RedKVError('ERR_REDKV_TIMEOUT', 'no answer', { outcome: 'unknown' })
// @ts-expect-error — no such outcome
new RedKVError('ERR_REDKV_TIMEOUT', 'no answer', { outcome: 'applied' })
// @ts-expect-error — no such code
new RedKVError('ERR_REDKV_SLOW', 'no answer')
// @ts-expect-error — the code comes first
new RedKVError('ERR_REDKV_TIMEOUT', 'no answer', { code: 'ERR_REDKV_TIMEOUT' })

export { asError, asTypeError, read }
