// What operations reject with.

import RedKV, {
  RedKVError,
  type AnyRedKVError,
  type PartialError,
  type RedKVArgumentError,
  type RedKVErrorCode,
  type RedKVOperation,
  type RedKVSingleError,
  type StoreName,
} from 'redkv'
import { assert, type Equal } from './equal.js'

declare const redkv: RedKV
declare const error: RedKVError
declare const argumentError: RedKVArgumentError

const asError: Error = error
const asTypeError: TypeError = argumentError

assert<Equal<typeof error.code, Exclude<RedKVErrorCode, 'ERR_REDKV_ARGUMENT'>>>()
assert<Equal<typeof error.store, StoreName | 'chain' | undefined>>()
assert<Equal<typeof error.operation, RedKVOperation | undefined>>()
assert<Equal<typeof error.field, string | undefined>>()
assert<Equal<typeof error.retryable, boolean>>()
assert<Equal<typeof error.outcome, 'not-applied' | 'unknown'>>()
assert<Equal<typeof error.cause, unknown>>()
assert<Equal<typeof error.errors, Map<string, RedKVSingleError | RedKVArgumentError> | undefined>>()
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
    const narrowed: RedKVError = reason
    assert<Equal<typeof narrowed.code, Exclude<RedKVErrorCode, 'ERR_REDKV_ARGUMENT'>>>()
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
  else assert<Equal<typeof failure, RedKVSingleError>>()
}

if (error.code === 'ERR_REDKV_PARTIAL') {
  assert<Equal<typeof error, PartialError>>()
  error.errors.size
  if (error.operation === 'getMany') assert<Equal<typeof error.values, (string | null | undefined)[]>>()
  if (error.operation === 'hasMany') assert<Equal<typeof error.values, (boolean | undefined)[]>>()
  if (error.operation === 'setMany') assert<Equal<typeof error.values, undefined>>()
}

async function readMany(): Promise<(string | null | undefined)[]> {
  try {
    return await redkv.getMany(['a', 'b'])
  } catch (reason) {
    if (!(reason instanceof RedKVError) || reason.code !== 'ERR_REDKV_PARTIAL') throw reason
    console.warn(reason.errors.size)
    if (reason.operation !== 'getMany') throw reason
    return reason.values
  }
}

// A switch can cover every code

function explained({ code }: AnyRedKVError): string {
  switch (code) {
    case 'ERR_REDKV_CONNECTION':
    case 'ERR_REDKV_TIMEOUT':
    case 'ERR_REDKV_OVERLOAD':
      return 'later'
    case 'ERR_REDKV_STORE':
    case 'ERR_REDKV_VALUE':
    case 'ERR_REDKV_UNSUPPORTED':
    case 'ERR_REDKV_PARTIAL':
    case 'ERR_REDKV_EXISTS':
    case 'ERR_REDKV_MODIFIED':
    case 'ERR_REDKV_LEASE_LOST':
    case 'ERR_REDKV_NOT_FOUND':
      return 'look'
    case 'ERR_REDKV_CONFLICT':
      return 'again'
    case 'ERR_REDKV_TYPE':
    case 'ERR_REDKV_NO_STORES':
    case 'ERR_REDKV_ABORTED':
    case 'ERR_REDKV_CLOSED':
    case 'ERR_REDKV_INTERNAL':
    case 'ERR_REDKV_ARGUMENT':
      return 'a defect'
  }
}

// @ts-expect-error — there is no such operation
if (error.operation === 'fetch') console.warn()

// @ts-expect-error — only errors of operations on many keys have it
error.errors.size
// @ts-expect-error — an error stays what it is
error.code = 'ERR_REDKV_TIMEOUT'

// Errors can be made, for tests

new RedKVError('ERR_REDKV_TIMEOUT', 'no answer')
new RedKVError('ERR_REDKV_TIMEOUT', 'no answer', { store: 'redis', operation: 'get', retryable: true, cause: new Error('why') })

new RedKVError('ERR_REDKV_PARTIAL', 'one key failed', {
  operation: 'getMany',
  errors: new Map([['a', new RedKVError('ERR_REDKV_TIMEOUT', 'no answer')]]),
  values: [undefined, 'b'],
})

// @ts-expect-error — it says which keys failed
new RedKVError('ERR_REDKV_PARTIAL', 'one key failed')
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

export { asError, asTypeError, explained, read, readMany }
