// What samples in the documents use without saying where it comes from.

import type RedKVClass = require('../../../index.js')

declare global {
  const RedKV: typeof RedKVClass
  const RedKVError: typeof RedKVClass.RedKVError
  const kv: RedKVClass
  const redkv: RedKVClass
  const log: { error(...args: unknown[]): void; info(...args: unknown[]): void; warn(...args: unknown[]): void }
}
