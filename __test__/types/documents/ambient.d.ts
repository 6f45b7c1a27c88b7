// What samples in the documents use without saying where it comes from.

import type RedKVClass = require('../../../index.js')

type Log = { error(...args: unknown[]): void; info(...args: unknown[]): void; warn(...args: unknown[]): void }

declare global {
  const RedKV: typeof RedKVClass
  const RedKVError: typeof RedKVClass.RedKVError
  const Records: typeof RedKVClass.Records
  const Structures: typeof RedKVClass.Structures
  const ada: RedKVClass.VersionedRecord
  const changed: (text: string) => string
  const customers: RedKVClass.Partition
  const db: RedKVClass.Structures
  const diagnostics_channel: typeof import('node:diagnostics_channel')
  const error: RedKVClass.RedKVError
  const imported: Map<string, string>
  const key: string
  const kv: RedKVClass
  const log: Log
  const logger: Log
  const metrics: { add(name: string, count?: number): void }
  const options: RedKVClass.RedisOptions
  const readFile: typeof import('node:fs/promises').readFile
  const settings: object
  const token: string
  const user: { id: string; name: string }
  const value: string
}
