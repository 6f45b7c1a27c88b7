// Adding stores: each name has its own options.

import RedKV, {
  type DynamoDBOptions,
  type LegacyDynamoDBOptions,
  type LegacyMySQLOptions,
  type LegacyPostgresOptions,
  type LegacyRedisOptions,
  type LegacySQLiteOptions,
  type MemoryOptions,
  type MySQLOptions,
  type PostgresOptions,
  type RedisOptions,
  type SQLiteOptions,
  type Store,
  type StoreName,
  type StoreNameWithRequiredOptions,
  type StoreOptions,
} from 'redkv'
import { assert, type Equal } from './equal.js'

const redkv = new RedKV()

assert<Equal<StoreName, keyof StoreOptions>>()
assert<Equal<StoreNameWithRequiredOptions, 'disk' | 'dynamodb' | 'file' | 's3' | 'sqlite' | 'postgres' | 'mysql'>>()

// memory

assert<Equal<ReturnType<typeof redkv.addStore>, Store>>()
redkv.addStore('memory')
redkv.addStore('memory', {})
redkv.addStore('memory', { maxEntries: 1000, maxBytes: 1 << 20 })
redkv.addStore('memory', undefined, { ttl: '1m' })

// @ts-expect-error — misspelt
redkv.addStore('memory', { maxEntires: 1000 })
// @ts-expect-error — a number
redkv.addStore('memory', { maxBytes: '1MB' })
// @ts-expect-error — an option of another store
redkv.addStore('memory', { path: 'file.sqlite' })
// @ts-expect-error — a tier option, which goes into the third argument
redkv.addStore('memory', { ttl: 1000 })
// @ts-expect-error — the options are an object
redkv.addStore('memory', 1000)

// redis

redkv.addStore('redis')
redkv.addStore('redis', { url: 'redis://localhost:6379/1' })
redkv.addStore('redis', { url: new URL('rediss://cache.example.com') })
redkv.addStore('redis', { host: 'localhost', port: 6379, db: 1, username: 'app', password: process.env['PASSWORD'] })
redkv.addStore('redis', { port: '6379' })
redkv.addStore('redis', { cluster: true, url: 'redis://localhost:7000' })
redkv.addStore('redis', { cluster: [{ host: 'localhost', port: 7000 }, 'redis://localhost:7001', new URL('redis://localhost')] })
redkv.addStore('redis', { cluster: [{ url: 'redis://localhost' }], natMap: { '10.0.0.1:1': { host: 'localhost', port: 2 } } })
redkv.addStore('redis', { sentinels: [{ host: 'localhost' }], name: 'main', sentinelPassword: 'p', sentinelTLS: true })
// @ts-expect-error
redkv.addStore('redis', { cluster: 'redis://localhost' })
// @ts-expect-error
redkv.addStore('redis', { sentinels: [{ port: 1 }], name: 'main' })
redkv.addStore('redis', { path: '/run/redis.sock', prefix: 'app:', connectTimeout: '2s' })
redkv.addStore('redis', { tls: true })
redkv.addStore('redis', { tls: { key: [{ pem: 'key' }], cert: 'cert', minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' } })
redkv.addStore('redis', { tls: { ca: Buffer.from(''), servername: 'cache', rejectUnauthorized: false } })

// @ts-expect-error — misspelt
redkv.addStore('redis', { hots: 'localhost' })
// @ts-expect-error — not a number
redkv.addStore('redis', { port: 'six' })
// @ts-expect-error — a duration as a string needs a unit
redkv.addStore('redis', { connectTimeout: '1000' })
// @ts-expect-error — misspelt
redkv.addStore('redis', { tls: { rejectUnauthorised: false } })
// @ts-expect-error — the url is an option
redkv.addStore('redis', 'redis://localhost')

// dynamodb

redkv.addStore('dynamodb', { tableName: 'entries' })
redkv.addStore('dynamodb', {
  tableName: 'entries',
  attributeName: 'value',
  ttlAttribute: 'expires',
  consistentRead: false,
  region: 'eu-central-1',
  endpoint: 'http://localhost:8000',
  credentials: { accessKeyId: 'id', secretAccessKey: 'secret', sessionToken: 'token' },
  httpOptions: { timeout: 500, connectTimeout: '1s' },
  maxRetries: 2,
})
redkv.addStore('dynamodb', { tableName: 'entries', accessKeyId: 'id', secretAccessKey: 'secret', maxAttempts: 3 })

// @ts-expect-error — the table is required
redkv.addStore('dynamodb')
// @ts-expect-error — the table is required
redkv.addStore('dynamodb', { region: 'eu-central-1' })
// @ts-expect-error — misspelt
redkv.addStore('dynamodb', { tableName: 'entries', atributeName: 'value' })
// @ts-expect-error — half of a key
redkv.addStore('dynamodb', { tableName: 'entries', credentials: { accessKeyId: 'id' } })
// @ts-expect-error — no provider, but a key
redkv.addStore('dynamodb', { tableName: 'entries', credentials: async () => ({ accessKeyId: 'id', secretAccessKey: 'secret' }) })
// @ts-expect-error — no such wait
redkv.addStore('dynamodb', { tableName: 'entries', httpOptions: { connect_timeout: 500 } })
// @ts-expect-error — true or false
redkv.addStore('dynamodb', { tableName: 'entries', consistentRead: 'yes' })

// s3

redkv.addStore('s3', { bucket: 'entries' })
redkv.addStore('s3', {
  bucket: 'entries',
  prefix: 'cache/',
  region: 'eu-central-1',
  endpoint: new URL('http://localhost:9000'),
  forcePathStyle: true,
  credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
  httpOptions: { timeout: '2s' },
  maxSockets: 10,
  maxRetries: 2,
})

// @ts-expect-error — the bucket is required
redkv.addStore('s3', { region: 'eu-central-1' })
// @ts-expect-error — misspelt
redkv.addStore('s3', { bucket: 'entries', forcePathstyle: true })
// @ts-expect-error — an option of another store
redkv.addStore('s3', { bucket: 'entries', tableName: 'entries' })
// @ts-expect-error — a number
redkv.addStore('s3', { bucket: 'entries', maxSockets: 'many' })

// sqlite

redkv.addStore('sqlite', { path: ':memory:' })
redkv.addStore('sqlite', { path: 'file.sqlite', tableName: 't', keyColumn: 'k', valueColumn: 'v', expiresColumn: 'e' })

// @ts-expect-error — the path is required
redkv.addStore('sqlite')
// @ts-expect-error — the path is required
redkv.addStore('sqlite', { tableName: 't' })
// @ts-expect-error — misspelt
redkv.addStore('sqlite', { path: 'file.sqlite', table_name: 't' })
redkv.addStore('sqlite', { path: new URL('file:///file.sqlite') })

// postgres and mysql

const table = { tableName: 't', keyColumn: 'k', valueColumn: 'v' }
redkv.addStore('postgres', { ...table, url: 'postgres://localhost/app', expiresColumn: 'e', createTable: true })
redkv.addStore('postgresql', { ...table, host: 'localhost', port: 5432, max: 5, ssl: { ca: 'pem' }, schema: 'app' })
redkv.addStore('postgres', { ...table, ssl: 'no-verify', options: '-c statement_timeout=5s', enableChannelBinding: true })
redkv.addStore('mysql', { ...table, url: new URL('mysql://localhost/app'), columnType: 'text' })
redkv.addStore('MariaDB', { ...table, host: 'localhost', database: 'app', max: 5, ssl: true }, { timeout: 500 })

// @ts-expect-error — the table and its columns are required
redkv.addStore('postgres', { host: 'localhost' })
// @ts-expect-error — the table and its columns are required
redkv.addStore('mariadb')
// @ts-expect-error — misspelt
redkv.addStore('mysql', { ...table, databse: 'app' })
// @ts-expect-error — no such type of columns
redkv.addStore('postgres', { ...table, columnType: 'json' })
// @ts-expect-error — of another store
redkv.addStore('mysql', { ...table, schema: 'app' })

// file

redkv.addStore('file', { path: 'folder' })
redkv.addStore('file', { path: 'folder', durable: true }, { ttl: '1h' })

// @ts-expect-error — the path is required
redkv.addStore('file')
// @ts-expect-error — true or false
redkv.addStore('file', { path: 'folder', durable: 'yes' })
// @ts-expect-error — an option of another store
redkv.addStore('file', { path: 'folder', maxBytes: 1e9 })

// disk

redkv.addStore('disk', { path: 'folder' })
redkv.addStore('disk', { path: 'folder', maxBytes: 5e8, maxEntries: 1e6, cacheBytes: 1 << 26, durable: true })

// @ts-expect-error — the path is required
redkv.addStore('disk', { maxBytes: 5e8 })
// @ts-expect-error — a number
redkv.addStore('disk', { path: 'folder', maxBytes: '500MB' })

// Options of 1.x compile for those who migrate

const ofRedis: RedisOptions & LegacyRedisOptions = { retry_strategy: () => 100, auth_pass: 'secret', connect_timeout: 1000 }
const ofDynamoDB: DynamoDBOptions & LegacyDynamoDBOptions = { tableName: 'entries', apiVersion: '2012-08-10', ConsistentRead: true }
const ofSQLite: SQLiteOptions & LegacySQLiteOptions = { path: 'file.sqlite', verbose: console.log }
const ofPostgres: PostgresOptions & LegacyPostgresOptions = { ...table, uri: 'postgres://localhost/app', keepAlive: true }
const ofMySQL: MySQLOptions & LegacyMySQLOptions = { ...table, connectionLimit: 5, waitForConnections: true }

redkv.addStore('redis', ofRedis)
redkv.addStore('dynamodb', ofDynamoDB)
redkv.addStore('sqlite', ofSQLite)
redkv.addStore('postgres', ofPostgres)
redkv.addStore('mysql', ofMySQL)

// @ts-expect-error — an option of 1.x without effect
redkv.addStore('redis', { retry_strategy: () => 100 })
// @ts-expect-error — an older name
redkv.addStore('redis', { auth_pass: 'secret' })
// @ts-expect-error — an older name
redkv.addStore('postgres', { ...table, connectionString: 'postgres://localhost/app' })

// Tier options

redkv.addStore('memory', {}, { compress: 'lz4', hashKeys: true, readOnly: false })
redkv.addStore('redis', {}, { maxValueBytes: 64 << 20 })
redkv.addStore('memory', {}, { compress: { algorithm: 'zstd', threshold: 0, level: 19 } })
redkv.addStore('memory', {}, { ttl: '5m', timeout: 100, connectTimeout: '1s', circuitBreaker: 5, optional: true, prefix: 'app:' })
redkv.addStore('memory', {}, { circuitBreaker: false })
redkv.addStore('redis', {}, { tombstone: '30s' })
redkv.addStore('sqlite', { path: ':memory:' }, {})
redkv.addStore('sqlite', { path: ':memory:' }, { writeBehind: true })
redkv.addStore('redis', {}, { writeBehind: { maxPending: 5, maxPendingBytes: 1 << 20, retry: '5m' } })
redkv.addStore('redis', {}, { writeBehind: { retry: false } })
redkv.addStore('sqlite', { path: ':memory:' }, { maxEntries: 1000, maxBytes: 1 << 30 })
assert<Equal<ReturnType<Store['flush']>, Promise<void>>>()
assert<Equal<ReturnType<typeof redkv.flush>, Promise<void>>>()
redkv.flush({ signal: new AbortController().signal })

// @ts-expect-error — misspelt
redkv.addStore('redis', {}, { writeBehind: { maxpending: 5 } })
// @ts-expect-error — no number of attempts, but a time
redkv.addStore('redis', {}, { writeBehind: { retry: true } })
// @ts-expect-error — a number
redkv.addStore('redis', {}, { maxBytes: '1MB' })
// @ts-expect-error — true, false or an object
redkv.addStore('redis', {}, { writeBehind: 5 })

// @ts-expect-error — misspelt
redkv.addStore('memory', {}, { prefx: 'app:' })
// @ts-expect-error — true or false
redkv.addStore('memory', {}, { optional: 1 })
// @ts-expect-error — no such algorithm
redkv.addStore('memory', {}, { compress: 'gzip' })
// @ts-expect-error — the algorithm is missing
redkv.addStore('memory', {}, { compress: { threshold: 0 } })
// @ts-expect-error — true or false
redkv.addStore('memory', {}, { readOnly: 'yes' })
// @ts-expect-error — not a duration
redkv.addStore('memory', {}, { timeout: 'long' })
// @ts-expect-error — forever is leaving it out
redkv.addStore('memory', {}, { ttl: null })
// @ts-expect-error — an option of the store, which goes into the second argument
redkv.addStore('memory', {}, { maxEntries: 1000 })
// @ts-expect-error — there is no fourth argument
redkv.addStore('memory', {}, {}, {})

// Names in any case

redkv.addStore('Memory')
redkv.addStore('SQLite', { path: ':memory:' })
redkv.addStore('DynamoDB', { tableName: 'entries' }, { timeout: '1s' })

// @ts-expect-error — misspelt
redkv.addStore('memmory')
// @ts-expect-error — misspelt
redkv.addStore('rediss', { host: 'localhost' })
// @ts-expect-error — a name is missing
redkv.addStore()
// @ts-expect-error — the path is required, however the name is spelt
redkv.addStore('SQLite')
// @ts-expect-error — no option of SQLite, however the name is spelt
redkv.addStore('SQLite', { path: ':memory:', maxEntries: 1000 })
// @ts-expect-error — no tier option, however the name is spelt
redkv.addStore('Memory', {}, { maxEntries: 1000 })

// Names that are known at run time

declare const config: { name: 'memory'; options: MemoryOptions } | { name: 'sqlite'; options: SQLiteOptions }
declare const either: 'memory' | 'redis'
declare const anything: string
declare const dynamodb: DynamoDBOptions

redkv.addStore(config.name, config.options)
redkv.addStore(config.name, config.options, { ttl: '1m' })
redkv.addStore(either)

// @ts-expect-error — one of them requires options
redkv.addStore(config.name)
// @ts-expect-error — options of neither
redkv.addStore(config.name, dynamodb)
// @ts-expect-error — any string is no name of a store
redkv.addStore(anything)
// @ts-expect-error — any string is no name of a store
redkv.addStore(anything, {})

// A chain in a chain

const inner = new RedKV()
redkv.addChain(inner)
redkv.addChain(inner, { optional: true })
redkv.addChain(inner, null)

// @ts-expect-error — no tier option
redkv.addChain(inner, { host: 'localhost' })
// @ts-expect-error — a chain is no store that has a name
redkv.addStore(inner)
// @ts-expect-error — the name of a store is no chain
redkv.addChain('memory')
