// What `import` gives: the class as the default and by its name, and every type by its name.

import RedKV, { RedKV as Named, RedKVError } from 'redkv'
import type {
  AddStoreArguments,
  AwsCredentials,
  AwsHttpOptions,
  AwsOptions,
  CloseOptions,
  DiskOptions,
  Duration,
  DynamoDBOptions,
  Entries,
  Events,
  FileOptions,
  Key,
  Keys,
  MemoryOptions,
  MySQLOptions,
  OperationOptions,
  Operations,
  PostgresOptions,
  RedisOptions,
  TlsOptions,
  RedKVArgumentError,
  RedKVErrorCode,
  RedKVErrorDetails,
  RedKVOptions,
  RedKVOutcome,
  TierRepairEvent,
  S3Options,
  SetOptions,
  SQLConnectionOptions,
  SQLiteOptions,
  SQLTableOptions,
  SSLMode,
  Store,
  StoreAliases,
  StoreCalled,
  StoreName,
  StoreNameWithRequiredOptions,
  StoreOptions,
  TierDownEvent,
  TierErrorEvent,
  TierEvent,
  TierOptions,
  TierUpEvent,
  Value,
} from 'redkv'
import { assert, type Equal } from './equal.js'

const redkv: RedKV = new Named()
const error: RedKVError = new RedKVError('ERR_REDKV_CLOSED', 'closed')

assert<Equal<typeof Named, typeof RedKV>>()
assert<Equal<Named, RedKV>>()
assert<Equal<typeof RedKVError, typeof RedKV.RedKVError>>()
assert<Equal<Store, RedKV.Store>>()
assert<Equal<ReturnType<RedKV['addStore']>, Store>>()

export type All = [
  AddStoreArguments<'memory'>,
  AwsCredentials,
  AwsHttpOptions,
  AwsOptions,
  CloseOptions,
  DiskOptions,
  Duration,
  DynamoDBOptions,
  Entries,
  Events,
  FileOptions,
  Key,
  Keys,
  MemoryOptions,
  MySQLOptions,
  OperationOptions,
  Operations,
  PostgresOptions,
  RedisOptions,
  TlsOptions,
  RedKVArgumentError,
  RedKVErrorCode,
  RedKVErrorDetails,
  RedKVOptions,
  RedKVOutcome,
  TierRepairEvent,
  S3Options,
  SetOptions,
  SQLConnectionOptions,
  SQLiteOptions,
  SQLTableOptions,
  SSLMode,
  Store,
  StoreAliases,
  StoreCalled<'mariadb'>,
  StoreName,
  StoreNameWithRequiredOptions,
  StoreOptions,
  TierDownEvent,
  TierErrorEvent,
  TierEvent,
  TierOptions,
  TierUpEvent,
  Value,
]

// @ts-expect-error — the class of a store is not given out: stores come from addStore
new Store()

export { error, redkv }
