/// <reference types="node" />

import EventEmitter = require('node:events')

/**
 * One key-value interface in front of a chain of stores.
 *
 * Stores are asked in the order in which they were added. A store earlier in the chain is a cache for the ones after
 * it; the last one is the authority, the source of truth.
 *
 * @example
 * ```js
 * const kv = new RedKV()
 * kv.addStore('memory', { maxEntries: 10_000 }, { ttl: '1m' })
 * kv.addStore('redis', { url: 'redis://localhost:6379' })
 * await kv.ready()
 *
 * await kv.set('user:1', JSON.stringify(user), { ttl: '1h' })
 * await kv.get('user:1') // from memory
 * await kv.close()
 * ```
 *
 * It is an `EventEmitter` that reports what no caller learns otherwise, see
 * {@link RedKV.Events | Events}. No listener is needed for anything.
 */
declare class RedKV extends EventEmitter {
  /**
   * Makes a chain without stores. Connects to nothing; add stores with {@link RedKV.addStore | addStore()}.
   *
   * @throws `TypeError` with the code `ERR_REDKV_ARGUMENT` and the name of the `field` when an option is unknown or
   * wrong.
   *
   * @example
   * ```js
   * const kv = new RedKV({ maxPending: 100_000 })
   * ```
   */
  constructor(options?: RedKV.RedKVOptions)

  /** What {@link RedKV.RedKVOptions.name | name} says, if there is one. */
  readonly name: string | undefined

  /**
   * Adds a store after those added before, and returns it, with operations that act on it alone.
   *
   * | name | keeps entries in | options |
   * |---|---|---|
   * | `'memory'` | the memory of this process | {@link RedKV.MemoryOptions} |
   * | `'redis'` | Redis or Valkey | {@link RedKV.RedisOptions} |
   * | `'dynamodb'` | a DynamoDB table | {@link RedKV.DynamoDBOptions}, with `tableName` |
   * | `'s3'` | a bucket of Amazon S3 or of a service like it | {@link RedKV.S3Options}, with `bucket` |
   * | `'sqlite'` | a table of a SQLite database | {@link RedKV.SQLiteOptions}, with `path` |
   * | `'postgres'`, `'postgresql'` | a table of a PostgreSQL database | {@link RedKV.PostgresOptions}, with the names of the table and its columns |
   * | `'mysql'`, `'mariadb'` | a table of a MySQL or MariaDB database | {@link RedKV.MySQLOptions}, with `database` and the names of the table and its columns |
   * | `'file'` | files of their own in a folder | {@link RedKV.FileOptions}, with `path` |
   * | `'disk'` | a bounded store on a local disk | {@link RedKV.DiskOptions}, with `path` |
   *
   * Returns at once and connects in the background: {@link RedKV.ready | ready()} reports the result.
   *
   * @param name - The name of the store, in any case. `postgresql` and `mariadb` are the stores `postgres` and `mysql`, and
   * called that everywhere.
   * @param args - The options of that store, and {@link RedKV.TierOptions | tier options}: how the chain treats it. They
   * are read once, now, from any object: its getters count, and those of its class, and what it inherits.
   * @throws `TypeError` with the code `ERR_REDKV_ARGUMENT` and the name of the `field` when there is no such store, or
   * an option is missing, unknown or wrong. {@link RedKV.RedKVError | RedKVError} with the code
   * `ERR_REDKV_UNSUPPORTED` for a tier option that the store cannot keep, such as the `ttl` of one that cannot let entries
   * end, and with `ERR_REDKV_CLOSED` after `close()`. Options of the clients of 1.x that have no meaning any more give a warning.
   *
   * @example
   * ```js
   * kv.addStore('memory', { maxEntries: 10_000 }, { ttl: '5m' })
   * kv.addStore('redis', { url: 'redis://localhost:6379' }, { timeout: 250, optional: true })
   * kv.addStore('dynamodb', { tableName: 'sessions', ttlAttribute: 'expires' })
   * ```
   */
  addStore<Name extends string>(
    name: Lowercase<Name> extends RedKV.StoreName | keyof RedKV.StoreAliases ? Name : RedKV.StoreName,
    ...args: RedKV.AddStoreArguments<RedKV.StoreCalled<Name>>
  ): RedKV.Store

  /**
   * Adds a whole chain as one store after those added before: a read asks its stores in their order and fills those
   * that missed, a write goes to its last store first.
   *
   * It belongs to this chain then: it takes no more stores, is no store of another chain, and
   * {@link RedKV.close | close()} of this one closes it, too. Its own operations and events continue to work. Its default
   * `timeout` of 5 seconds here is that of the whole way through it.
   *
   * @param chain - A chain with at least one store, made on this thread.
   * @param tierOptions - How this chain treats it.
   * @throws `TypeError` with the code `ERR_REDKV_ARGUMENT` when the chain has no store, is this one, or belongs to a
   * chain already, or a tier option is unknown or wrong.
   *
   * @example
   * ```js
   * const near = new RedKV()
   * near.addStore('memory')
   * near.addStore('redis')
   * kv.addChain(near, { optional: true })
   * kv.addStore('dynamodb', { tableName: 'sessions' })
   * ```
   */
  addChain(chain: RedKV, tierOptions?: RedKV.TierOptions | null | undefined): RedKV.Store

  /**
   * Adds the plain values of data structures as a store: what the chain writes, `db.get()` reads, and the other way round.
   *
   * Stores before it see what is written through the chain, and not what `db` or another process writes: give them a `ttl`.
   * Nothing can expire in data structures, and their keys cannot be listed. They belong to this chain then:
   * {@link RedKV.close | close()} closes them, too. Their own operations continue to work. In errors, events and statistics
   * of the chain they are called `'chain'`.
   *
   * @param db - Data structures, made on this thread.
   * @param tierOptions - How this chain treats them.
   * @throws `TypeError` with the code `ERR_REDKV_ARGUMENT` when they belong to a chain already, or a tier option is unknown or
   * wrong.
   *
   * @example
   * ```js
   * const db = new RedKV.Structures('dynamodb', { tableName: 'app' })
   * kv.addStore('memory', { maxEntries: 10_000 }, { ttl: '10s' })
   * kv.addStructures(db)
   * ```
   */
  addStructures(db: RedKV.Structures, tierOptions?: RedKV.TierOptions | null | undefined): RedKV.Store

  /**
   * Waits until every store is usable: connected, opened, its table found. Adding a store later makes it wait again.
   *
   * Calling it is optional. Operations may be called before: they wait until each store had one attempt.
   *
   * Rejects with the error of the first store that is not `optional` and not usable; calling it again tries again.
   * Rejects with a `TypeError` with the code `ERR_REDKV_ARGUMENT` when the last store is `optional`, and with the code
   * `ERR_REDKV_CLOSED` after `close()`.
   *
   * @example
   * ```js
   * await kv.ready() // finds a wrong password when the service starts, not with its first request
   * ```
   */
  ready(options?: RedKV.OperationOptions): Promise<void>

  /**
   * Takes the lease called `name`, for at most one holder at a time among all processes with this store; on a chain its
   * last store has it. Resolves to `null` while another one holds it, and rejects when the store fails, or has no leases
   * (`ERR_REDKV_UNSUPPORTED`).
   *
   * @param name - 1 to 256 bytes of UTF-8.
   *
   * @example
   * ```js
   * const lease = await kv.lease('reports', { ttl: '10s' })
   * if (lease !== null) {
   *   try {
   *     await fetch('https://example.com/report', { signal: lease.lost })
   *   } finally {
   *     await lease.release()
   *   }
   * }
   * ```
   */
  lease(name: string, options?: RedKV.LeaseOptions): Promise<RedKV.Lease | null>

  /**
   * Returns what went through this chain since it was made, store by store: hits, misses, errors, bytes, latencies. All
   * numbers are totals that only grow, as counters of Prometheus are, but for those of what is pending, stale or
   * down at the moment. Answers at once, also after `close()`, with a plain object that `JSON.stringify` takes.
   *
   * @example
   * ```js
   * const { stores } = kv.stats()
   * for (const { store, hits, misses } of stores) console.log(store, hits / (hits + misses))
   * ```
   */
  stats(): RedKV.Stats

  /**
   * Waits until all writes that were acknowledged before are in their stores: those that stores with the tier option
   * `writeBehind` have queued. There is nothing to wait for otherwise.
   *
   * Rejects with the error of the first write that was lost since the last `flush()`; each of them also emits the event
   * `writeError`. Rejects with the code `ERR_REDKV_CLOSED` after `close()`.
   *
   * @example
   * ```js
   * await kv.setMany(imported)
   * await kv.flush() // the import is in the database
   * ```
   */
  flush(options?: RedKV.OperationOptions): Promise<void>

  /**
   * Lets what was called before finish, then ends all connections. From the call on everything else is refused with
   * the code `ERR_REDKV_CLOSED`. Calling it again is harmless and waits for the same end.
   *
   * With a `timeout` it waits no longer than that: what is still pending then is rejected with `ERR_REDKV_CLOSED`, and
   * the stores are closed under it. It resolves first where that is much: thousands of operations are rejected a few
   * milliseconds' worth in each turn of the event loop. Without a `timeout` the deadlines of the stores bound it.
   *
   * Waits for the writes that stores with the tier option `writeBehind` have queued, too. What is left of them when the
   * `timeout` is over is lost, and emits the event `writeError`. Without a `timeout` that takes as long as the
   * `retry` of the queue lasts.
   *
   * An idle process exits by itself, so a script that forgets this does not hang; with queued writes it exits when they
   * are made or lost.
   *
   * @example
   * ```js
   * process.once('SIGTERM', async () => {
   *   await kv.close({ timeout: '5s' })
   *   process.exit()
   * })
   * ```
   */
  close(options?: RedKV.CloseOptions): Promise<void>

  /**
   * Adds a listener for one of the {@link RedKV.Events | Events}.
   *
   * What a listener throws is an uncaught exception, as in any `EventEmitter`.
   *
   * @example
   * ```js
   * kv.on('tierDown', ({ store, error }) => logger.warn(`${store} is left out: ${error.message}`))
   * ```
   */
  on<Name extends keyof RedKV.Events>(name: Name, listener: (event: RedKV.Events[Name]) => void): this

  /** As {@link RedKV.on | on()}, for the next event only. */
  once<Name extends keyof RedKV.Events>(name: Name, listener: (event: RedKV.Events[Name]) => void): this

  /** Takes away a listener that {@link RedKV.on | on()} or {@link RedKV.once | once()} added. */
  off<Name extends keyof RedKV.Events>(name: Name, listener: (event: RedKV.Events[Name]) => void): this

  /** The same as {@link RedKV.on | on()}. */
  addListener<Name extends keyof RedKV.Events>(name: Name, listener: (event: RedKV.Events[Name]) => void): this

  /** The same as {@link RedKV.off | off()}. */
  removeListener<Name extends keyof RedKV.Events>(name: Name, listener: (event: RedKV.Events[Name]) => void): this

  /**
   * Does what {@link RedKV.close | close()} does, for `await using`.
   *
   * @example
   * ```ts
   * await using kv = new RedKV()
   * ```
   */
  [Symbol.asyncDispose](): Promise<void>
}

interface RedKV extends RedKV.Operations {}

import Self = RedKV

declare namespace RedKV {
  /** The class itself, for `const { RedKV } = require('redkv')`. */
  export import RedKV = Self

  /** A key: a string, or a number that is converted with `String()`. The empty string is a key for most stores. */
  type Key = string | number

  /**
   * A value: a string, a number that is converted with `String()`, or bytes (a `Buffer` or another `Uint8Array`).
   * The empty string is a value.
   */
  type Value = string | number | Uint8Array

  /**
   * A span of time: milliseconds as a number, or a string with a unit: `250`, `'250ms'`, `'10s'`, `'5m'` or `'5min'`,
   * `'1.5h'`, `'7d'`. At least one millisecond; fractions of one are rounded up.
   */
  type Duration = number | `${number}${'ms' | 's' | 'm' | 'min' | 'h' | 'd'}`

  /** Keys: an array, a `Set`, the `keys()` of a `Map`, any other iterable, but no single string. */
  type Keys = Iterable<Key> & object

  /** Keys with their values: pairs `[key, value]` in an array, a `Map` or any other iterable, or a plain object. */
  type Entries = readonly (readonly [Key, Value])[] | (Iterable<readonly [Key, Value]> & object) | { readonly [key: string]: Value }

  /** Options of an instance: its name, who receives its statistics, and how much may be in flight at a time. */
  interface RedKVOptions {
    /**
     * What the instance is called in events, statistics and `inspect()`, where a process has several.
     *
     * @default none
     */
    name?: string | undefined

    /**
     * Called with the statistics once in each `metricsInterval`, until `close()`.
     *
     * Keeps no process alive. What it throws, or what a promise of it rejects with, becomes a process warning and stops
     * nothing.
     *
     * @example
     * ```js
     * const kv = new RedKV({ onMetrics: ({ stores }) => logger.info({ stores }), metricsInterval: '1m' })
     * ```
     *
     * @default none
     */
    onMetrics?: ((stats: Stats) => void | PromiseLike<void>) | undefined

    /**
     * How often `onMetrics` is called, and the channel `redkv:metrics` receives the statistics.
     *
     * The channel is one of `node:diagnostics_channel`. It receives them with `onMetrics` or without.
     *
     * From 1 millisecond to 10,000 years.
     *
     * @default `10000` with `onMetrics`, else never
     */
    metricsInterval?: Duration | undefined

    /**
     * How many operations may be pending, one for each key.
     *
     * A call that does not fit is refused at once, as a whole, with `ERR_REDKV_OVERLOAD`. What memory answers at once does
     * not count.
     *
     * A whole number from 1.
     *
     * @default 1,000,000
     */
    maxPending?: number | undefined

    /**
     * How many bytes of keys and values the pending operations may have.
     *
     * A whole number from 1.
     *
     * @default 536,870,912 (512 MiB)
     */
    maxPendingBytes?: number | undefined
  }

  /** What went through a chain since it was made: see {@link RedKV.stats | stats()}. */
  interface Stats {
    /** The name of the instance, where it has one. */
    readonly name?: string

    /** Operations that were called and have not settled, one for each key. */
    readonly pending: number

    /** Bytes of keys and values that were handed in with them. */
    readonly pendingBytes: number

    /** Reads that shared a read of the same key that was in flight (single flight): no store was asked for them. */
    readonly coalesced: number

    /** Of each store, in their order. */
    readonly stores: readonly StoreStats[]
  }

  /** What went through one store of a chain since it was added. Keys are counted one by one, also those of a batch. */
  interface StoreStats {
    /** The name of the store; `'chain'` of a chain that was added as one. */
    readonly store: StoreName | 'chain'

    /** Its position in the chain, from 0. */
    readonly index: number

    /** Whether it is not asked at present because it failed too often in a row. */
    readonly isDown: boolean

    /** Keys that it is being asked for at present. */
    readonly pending: number

    /** Keys that were read or looked for with `has`, and were there. */
    readonly hits: number

    /** Keys that were read or looked for with `has`, and were not there. */
    readonly misses: number

    /** Entries that it took from writes. */
    readonly sets: number

    /** Keys that were deleted there for a caller, whether or not they were there. */
    readonly deletes: number

    /** Entries that it took because a read found them in a later store. */
    readonly backfills: number

    /** Such entries that it did not take: somebody wrote or deleted the key meanwhile, or it failed. */
    readonly backfillsDropped: number

    /** Bytes of the values that were read, as callers see them. */
    readonly bytesRead: number

    /** Bytes of the values that were written, as callers see them. */
    readonly bytesWritten: number

    /** Whether reads skip it at present for every key, because it may hold old values of too many keys to list them. */
    readonly isStale: boolean

    /** Keys for which reads skip it at present, because it may hold an old value of them; 0 while it `isStale`. */
    readonly staleKeys: number

    /** Keys that it was not asked for because it was down. */
    readonly refused: number

    /** Keys that failed, by the code of the error; timeouts are under `ERR_REDKV_TIMEOUT`. */
    readonly errors: { readonly [Code in RedKVErrorCode]?: number }

    /** How long requests to it took; one request may be for many keys. What memory answers at once is not timed. */
    readonly latency: {
      readonly get: Latency
      readonly has: Latency
      /** Of writes and of back-fills. */
      readonly set: Latency
      readonly delete: Latency
    }
  }

  /** How long requests took, in microseconds. Percentiles are of all since the beginning, and at most 1/16 too high. */
  interface Latency {
    /** How many requests there were. */
    readonly count: number

    /** How long they took together. */
    readonly sum: number

    /** Half of them took no longer. */
    readonly p50: number

    /** Nine of ten took no longer. */
    readonly p90: number

    /** 99 of a hundred took no longer. */
    readonly p99: number

    /** The longest. */
    readonly max: number
  }

  /** Options of `close()`. */
  interface CloseOptions {
    /**
     * How long to wait for what is pending, in milliseconds or as text such as `'10s'`. Of several calls the one whose
     * time is over first decides.
     *
     * @default no limit of its own
     */
    timeout?: Duration | undefined
  }

  /**
   * What no caller learns otherwise: an error reaches a caller or an event, never both.
   *
   * Each is published to the channel `redkv:` and its name of `node:diagnostics_channel` too, for all instances of the
   * process. They keep no process alive. In a flood those of one kind about one store become one, but for `writeError`.
   *
   * @example
   * ```js
   * kv.on('tierError', ({ error, keys }) => metrics.add(error.code, keys))
   * diagnostics_channel.subscribe('redkv:tierDown', (event) => logger.warn(event))
   * ```
   */
  interface Events {
    /** A store failed so often in a row that it is not asked any more until a probe of it succeeds. */
    tierDown: TierDownEvent

    /** A store that was down is asked again. */
    tierUp: TierUpEvent

    /** A store failed, and the operation continued without it, or nobody waited for it. */
    tierError: TierErrorEvent

    /** Old values that a store had kept because a write did not reach it were taken away there. */
    tierRepair: TierRepairEvent

    /**
     * A write was lost that a store with the tier option `writeBehind` had acknowledged: its promise had resolved.
     * One event for each key, however many. Where nobody listens, the first one is a process warning.
     */
    writeError: WriteErrorEvent
  }

  /** What all events have. */
  interface TierEvent {
    /** The name of the instance, where it has one. */
    readonly name?: string

    /** The name of the store. */
    readonly store: StoreName | 'chain'

    /** Its position in the chain, from 0. */
    readonly index: number
  }

  /** See {@link Events.tierDown}. */
  interface TierDownEvent extends TierEvent {
    /** Its last failure. */
    readonly error: RedKVError
  }

  /** See {@link Events.tierUp}. */
  interface TierUpEvent extends TierEvent {
    /** For how long it was down, in milliseconds. */
    readonly downFor: number
  }

  /** See {@link Events.tierError}. */
  interface TierErrorEvent extends TierEvent {
    /** The first of the errors, as a caller would get it. */
    readonly error: RedKVError

    /** How many keys failed with its code in its operation. */
    readonly keys: number

    /** How many requests they were in. */
    readonly count: number
  }

  /** See {@link Events.tierRepair}. */
  interface TierRepairEvent extends TierEvent {
    /** How many keys are served from it again. */
    readonly keys: number
  }

  /** See {@link Events.writeError}. */
  interface WriteErrorEvent extends TierEvent {
    /** The key whose last write was lost: earlier ones that it took the place of count as overwritten. */
    readonly key: string

    /** What was called. */
    readonly operation: 'set' | 'delete'

    /** Why. Its `outcome` says whether the write may have been made all the same. */
    readonly error: RedKVError
  }

  /** Options of every operation. */
  interface OperationOptions {
    /**
     * Ends the waiting for the operation, not the operation: its order among others stays, and what was sent is done.
     *
     * When it aborts, a read and `ready()` reject at once with the `reason` of the signal. A write may have been made
     * by then: it rejects with `ERR_REDKV_ABORTED`, with the reason as `cause` and `'unknown'` as its
     * {@link RedKVErrorBase.outcome | outcome}. With a signal that has aborted before the call nothing is sent, and every
     * operation rejects with the reason.
     *
     * @example
     * ```js
     * await kv.get('user:1', { signal: AbortSignal.timeout(50) })
     * ```
     */
    signal?: AbortSignal | undefined
  }

  /** Options of `keys()`. */
  interface KeysOptions extends OperationOptions {
    /**
     * How the keys begin.
     *
     * @default all keys
     */
    prefix?: string | undefined
  }

  /** Options of one write. */
  interface SetOptions extends OperationOptions {
    /**
     * How long the entry lives, in milliseconds or as text such as `'10s'`. Leave it out for an entry that does not
     * end: `0` is an error. A store with a shorter `ttl` of its own keeps the entry for that time only.
     */
    ttl?: Duration | undefined
  }

  /** The operations on a chain, or on one of its stores. */
  interface Operations {
    /**
     * Reads the value of a key as a string, `null` when there is none.
     *
     * On a chain: asks the stores in order, the first hit wins. Stores before it that missed are filled before this
     * resolves, so the next read finds the value there. A store that fails counts as one that missed; failing to fill
     * never fails the read. Reads of one key at the same time share one way through the stores.
     *
     * Rejects with the error of the last store when that failed and no other store had the key; with
     * `ERR_REDKV_VALUE` when the value is not UTF-8 text or longer than a string can be (use
     * {@link Operations.getBuffer | getBuffer()}); with `ERR_REDKV_NO_STORES` when no store was added; with a `TypeError`
     * when the key is neither string nor number.
     *
     * As in 1.x it may be the function of an iteration in JavaScript, `keys.map(kv.get, kv)`, and so may the other
     * operations on one key: the index that is passed with the key is not taken for options.
     *
     * @example
     * ```js
     * const user = JSON.parse((await kv.get('user:1')) ?? 'null')
     * ```
     */
    get(key: Key, options?: OperationOptions): Promise<string | null>

    /**
     * Reads the value of a key as bytes, `null` when there is none. Otherwise as {@link Operations.get | get()}, but
     * any value can be read.
     *
     * @example
     * ```js
     * await kv.set('picture', await readFile('picture.png'))
     * const picture = await kv.getBuffer('picture')
     * ```
     */
    getBuffer(key: Key, options?: OperationOptions): Promise<Buffer | null>

    /**
     * Writes a value, whatever was there before. Without `ttl` the entry does not end, even if the one before did.
     *
     * On a chain: writes to the last store first, then to the others in parallel, and resolves when all have it.
     * Writes to one key take effect in the order in which they were called; one that is overtaken while it waits is
     * not sent, and settles with the one that overtook it.
     *
     * Rejects when a store that is not `optional` failed. If the last store refused the value, no store keeps it. If
     * the last store took it and an earlier one failed, the value is written: this process reads past the earlier
     * store until the old value is gone from there. Rejects before anything is written when a store could never keep
     * the entry: with a `TypeError` when key or value is of a wrong type or too long, or `ttl` is not a positive
     * duration; with `ERR_REDKV_UNSUPPORTED` when a store cannot keep a `ttl`, or no bytes. On a chain without stores it
     * resolves, as in 1.x, and nothing is kept: there, only reads of values reject.
     *
     * @example
     * ```js
     * await kv.set('greeting', 'hello')
     * await kv.set('session:7', token, { ttl: '30m' })
     * ```
     */
    set(key: Key, value: Value, options?: SetOptions): Promise<void>

    /**
     * Deletes a key. Succeeds when there is none.
     *
     * On a chain: from the last store first, then from the others in parallel. Rejects when a store that is not
     * `optional` failed, as {@link Operations.set | set()} does.
     */
    delete(key: Key, options?: OperationOptions): Promise<void>

    /**
     * Returns whether there is a value under a key.
     *
     * On a chain: `true` from the first store that has it; the last store's "no" is final. Fills nothing. Without
     * stores it is `false`. Rejects with the error of the last store when that failed and no other store had the key.
     */
    has(key: Key, options?: OperationOptions): Promise<boolean>

    /**
     * Reads many keys as strings, in the order of the keys; `null` for each that is not there. Otherwise as
     * {@link Operations.get | get()}, and each store is asked for all of them together.
     *
     * Rejects with `ERR_REDKV_PARTIAL` when some (or all) keys failed: {@link PartialErrorOf.errors | errors} says which
     * and why, {@link PartialErrorOf.values | values} has what could be read.
     *
     * @example
     * ```js
     * const [first, second] = await kv.getMany(['user:1', 'user:2'])
     * ```
     */
    getMany(keys: Keys, options?: OperationOptions): Promise<(string | null)[]>

    /**
     * Writes many values, each as {@link Operations.set | set()} does.
     *
     * Not a transaction: each key succeeds or fails for itself. Rejects with `ERR_REDKV_PARTIAL` when some (or all)
     * failed: {@link PartialErrorOf.errors | errors} says which and why, all others are written. Rejects with a `TypeError`
     * before anything is written when a key or value is of a wrong type.
     *
     * @param entries - Pairs `[key, value]` in any iterable, or a plain object.
     * @param options - The same for all of them.
     *
     * @example
     * ```js
     * await kv.setMany({ a: '1', b: '2' }, { ttl: '1h' })
     * await kv.setMany(new Map([['a', '1'], ['b', '2']]))
     * ```
     */
    setMany(entries: Entries, options?: SetOptions): Promise<void>

    /**
     * Deletes many keys, each as {@link Operations.delete | delete()} does.
     *
     * Rejects with `ERR_REDKV_PARTIAL` when some (or all) failed: {@link PartialErrorOf.errors | errors} says which and
     * why, all others are deleted.
     */
    deleteMany(keys: Keys, options?: OperationOptions): Promise<void>

    /**
     * Returns for many keys whether there is a value, in the order of the keys, each as {@link Operations.has | has()}
     * does.
     *
     * Rejects with `ERR_REDKV_PARTIAL` when some (or all) failed: {@link PartialErrorOf.errors | errors} says which and
     * why, {@link PartialErrorOf.values | values} has what is known.
     */
    hasMany(keys: Keys, options?: OperationOptions): Promise<boolean[]>

    /**
     * Lists the keys that begin with `prefix`, all of them without one: page by page as you ask for more, so that no
     * store is busy with it for longer than with any operation.
     *
     * On a chain: those of the last store, which has everything. A key that is there all the time is listed once or more,
     * one that comes or goes meanwhile may be listed, and so may that of an entry whose `ttl` has just passed. There is
     * no order.
     *
     * Throws with `ERR_REDKV_ARGUMENT` when an option is wrong. The first step rejects with `ERR_REDKV_UNSUPPORTED`
     * when the store cannot list its keys, with `ERR_REDKV_NO_STORES` when no store was added; any step with the error
     * of the store. A store whose list of keys has no end (it leads in a circle, or a million pages in a row or an
     * hour of waiting bring no key) fails with `ERR_REDKV_STORE`, retryable.
     *
     * DynamoDB reads the whole table for it, whatever the prefix.
     *
     * @example
     * ```js
     * for await (const key of kv.keys({ prefix: 'user:' })) console.log(key)
     * ```
     */
    keys(options?: KeysOptions): AsyncGenerator<string, void, void>

    /**
     * Deletes everything: on a chain in all of its stores, the last one first. With a `prefix` in the options of a
     * store or of a tier, all that begins with it. What was called before is deleted too; what is written until this
     * resolves may stay or go. A store with the tier option `writeBehind` has queued the deletions by then; `flush()` waits for
     * them.
     *
     * Takes time with the number of entries, which are deleted page by page, each in its turn among the other
     * operations on its key: no back-fill brings one back.
     *
     * Rejects with `ERR_REDKV_UNSUPPORTED` before anything is deleted when a store cannot do it; and with the first
     * error of a store that is not `optional`, some entries being deleted then: also that its list of keys has no end,
     * as with `keys()`. Reads skip an `optional` store that fails from then on, as long as its entries may live.
     *
     * When `signal` aborts, the page that is in flight is still deleted, and no other.
     */
    clear(options?: OperationOptions): Promise<void>
  }

  /**
   * One store of a chain, with the operations that act on it alone. Made by {@link RedKV.addStore | addStore()} and
   * {@link RedKV.addChain | addChain()}.
   *
   * Its operations go through the same order as those of the chain: a read sees every write that was called before.
   *
   * @example
   * ```js
   * const memory = kv.addStore('memory')
   * kv.addStore('sqlite', { path: './cache.sqlite' })
   * await memory.delete('user:1') // the next read of the chain asks SQLite again
   * ```
   */
  interface Store extends Operations {
    /** The name of the store, in lower case; `'chain'` of a chain. */
    readonly name: StoreName | 'chain'

    /** What it can do, with the options and tier options that it was added with. Frozen, and always the same. */
    readonly capabilities: Capabilities

    /**
     * Waits until this store is usable: connected, opened, its table found.
     *
     * Rejects when it is not, `optional` or not; calling it again tries again.
     */
    ready(options?: OperationOptions): Promise<void>

    /** Takes a lease in this store: see {@link RedKV.lease | lease()}. */
    lease(name: string, options?: LeaseOptions): Promise<Lease | null>

    /** Returns what went through this store since it was added: its part of {@link RedKV.stats | stats()}. */
    stats(): StoreStats

    /** Does what {@link RedKV.flush | flush()} of the instance does, for this store alone. */
    flush(options?: OperationOptions): Promise<void>
  }

  /**
   * What a store can do: see {@link Store.capabilities}.
   *
   * @example
   * ```js
   * const store = kv.addStore('sqlite', { path: './cache.sqlite' })
   * if (store.capabilities.expiry === 'none') logger.warn('set expiresColumn to use ttl')
   * ```
   */
  interface Capabilities {
    /**
     * How entries end: `'native'` if the store removes them, `'onRead'` if reads leave them out and they are removed some
     * time later, `'none'` if a write with a `ttl` is refused.
     */
    readonly expiry: 'native' | 'onRead' | 'none'

    /** How many milliseconds an entry may live longer than its `ttl`. */
    readonly expiryGranularity: number

    /** The longest key, in bytes of UTF-8; `Infinity` without a bound. */
    readonly maxKeyBytes: number

    /** Whether the empty string is a key. */
    readonly emptyKeys: boolean

    /** The longest value, in bytes; `Infinity` without a bound. */
    readonly maxValueBytes: number

    /** Whether it keeps values that are not UTF-8 text. */
    readonly binaryValues: boolean

    /** Whether keys and values may contain the character U+0000. */
    readonly nulCharacters: boolean

    /** Whether requests take effect in the order in which they were sent, also those that timed out. */
    readonly ordered: boolean

    /** Whether it takes writes. */
    readonly writable: boolean

    /** Whether `keys()` can list its keys. */
    readonly enumerable: boolean

    /** Whether `clear()` can delete its entries. */
    readonly clearable: boolean

    /** Whether other processes see what this one writes. */
    readonly shared: boolean

    /** Whether entries outlive the process. */
    readonly durable: boolean
  }

  /** The bounds of a queue of writes, see {@link TierOptions.writeBehind}. */
  interface WriteBehindOptions {
    /**
     * How many writes may wait or be in flight at a time.
     *
     * Of the writes of one key that wait only the last one counts. A write that finds no room waits for it up to the
     * `timeout` of the store, then it rejects with `ERR_REDKV_OVERLOAD`: it was not made (`outcome: 'not-applied'`).
     *
     * A whole number from 1.
     *
     * @default 10,000
     */
    maxPending?: number | undefined

    /**
     * How many bytes the keys and values of these writes may have.
     *
     * A single write that has more goes alone. Otherwise as `maxPending`.
     *
     * A whole number from 1.
     *
     * @default 67,108,864 (64 MiB)
     */
    maxPendingBytes?: number | undefined

    /**
     * How old a write may be that is tried again after it failed; `false` tries once.
     *
     * There are pauses that grow to 1 second. A store that is down (see `circuitBreaker`) is not asked meanwhile, and
     * the time passes. Only what may work the next time is tried again: lost connections, timeouts, what the store
     * calls temporary. A newer write of the key takes the place of the one that failed, with a time of its own.
     *
     * From 1 millisecond to 10,000 years, or `false`.
     *
     * @default '60s'
     */
    retry?: Duration | false | undefined
  }

  /** Tier options under an earlier name, for code that migrates: `TierOptions & LegacyTierOptions`. */
  interface LegacyTierOptions {
    /** @deprecated write {@link TierOptions.writeBehind | writeBehind} */
    async?: boolean | WriteBehindOptions | undefined
  }

  /**
   * How the chain treats one of its stores: the third argument of `addStore`, the second one of `addChain`, the same for
   * all stores.
   */
  interface TierOptions {
    /**
     * How long an entry lives in this store at most. It limits the `ttl` of a write, and of entries that are filled in
     * from later stores. Refused for a store in which entries cannot expire.
     *
     * For `'dynamodb'` set `ttlAttribute`, for the SQL stores set `expiresColumn`, else `addStore` throws with
     * `ERR_REDKV_UNSUPPORTED`.
     *
     * From 1 millisecond to 10,000 years.
     *
     * @default no limit
     */
    ttl?: Duration | undefined

    /**
     * How long one operation on this store may take; after that it fails with `ERR_REDKV_TIMEOUT`, and a read continues
     * with the next store. Has no meaning for `memory`.
     *
     * From 1 millisecond to 10,000 years.
     *
     * @default 5000
     */
    timeout?: Duration | undefined

    /**
     * How long `ready()` waits for this store to connect or open; after that it fails with `ERR_REDKV_TIMEOUT`. The
     * attempt to connect continues.
     *
     * Operations that come later may find it done.
     *
     * From 1 millisecond to 10,000 years.
     *
     * @default its `timeout`
     */
    connectTimeout?: Duration | undefined

    /**
     * Failures in a row (timeouts, lost connections) after which the store counts as down. It also counts as down if it
     * does not connect within its `timeout` while the first operations wait for it. It is then not asked until it has
     * answered a probe in the background, so it costs no time. `false` asks it in any case.
     *
     * While it is down, reads pass it by at once, and its part of a write, or an operation that needs it, fails at once
     * with `ERR_REDKV_CONNECTION`. It is probed after 0.1 seconds at first and at least once in 3.
     *
     * A whole number from 1 to 4,294,967,295, or `false`.
     *
     * @default 3
     */
    circuitBreaker?: number | false | undefined

    /**
     * For a cache that several processes share: how long a deleted key is remembered there, so that no other process
     * puts an old value back. More than twice `timeout`.
     *
     * Without it, a process that read a value just before another process deleted it may put it back into this store,
     * where it stays for its `ttl`. With it, `delete` leaves a marker that no back-fill replaces, only a write; for as
     * long as it exists, reads of the key go to the later stores. It must be the same in all processes. Other programs
     * that read the store see the marker as a value. Not for `'memory'`, which nobody shares, nor for the last store.
     *
     * From 1 millisecond to 10,000 years.
     *
     * @default none
     */
    tombstone?: Duration | undefined

    /**
     * Whether the chain can do without the store: its failures never reject a write or `ready()`, and what it cannot
     * keep is left out there. Not for the last store, the source of truth.
     *
     * With the last store `optional`, `ready()` rejects.
     *
     * @default false
     */
    optional?: boolean | undefined

    /**
     * Put before every key in this store.
     *
     * So several chains share it without meeting.
     *
     * @default none
     */
    prefix?: string | undefined

    /**
     * How many entries the store may hold. The least used ones are deleted from it.
     *
     * What was used least is **deleted from it**, in the background. A store that is the source of truth loses data by
     * that, as was asked for. What is used again and again outlasts what was used once.
     *
     * The keys, and how they were used, are kept in the memory of this process. What the store held before is learned
     * page by page when it connects, if the store can list its keys; elsewhere an entry counts from when this process
     * reads or writes it. Entries that have expired, or that others have deleted, count until they are looked for or
     * their turn comes. Others that write to the store do not know of the limit. `'memory'` has this option among its
     * own.
     *
     * A whole number from 1 to 1,125,899,906,842,624.
     *
     * @default no limit
     */
    maxEntries?: number | undefined

    /**
     * How many bytes of keys and values the store may hold.
     *
     * Otherwise as `maxEntries`; with both, the tighter one holds. To learn the sizes of what the store held before, its
     * values are read once, in the background, a few at a time. An entry that is larger by itself is deleted again.
     *
     * A whole number from 1 to 1,125,899,906,842,624.
     *
     * @default no limit
     */
    maxBytes?: number | undefined

    /**
     * Keeps entries under hashes of their keys.
     *
     * The hash is the SHA-256 of the key, as 43 characters of base64url after the `prefix`, so that keys may be of any length
     * whatever the store takes. The keys themselves cannot be listed any more. A store that takes no keys of 43 bytes is
     * refused with `ERR_REDKV_UNSUPPORTED`.
     *
     * @default false
     */
    hashKeys?: boolean | undefined

    /**
     * Keeps large values compressed.
     *
     * `'lz4'` is the faster algorithm, `'zstd'` saves more. Only values of 1 KiB and more that shrink are changed. A
     * header says what was done, so values that were written without compression, or with the other algorithm, read as
     * well, and the option can be turned on or changed at any time. Without it, what is compressed reads as bytes that
     * begin with `FF 52 4B 5A`; a `threshold` of 4_294_967_295 stops compressing and goes on reading. A damaged value
     * fails with `ERR_REDKV_VALUE`.
     *
     * Compression happens off the JavaScript thread, so a `'memory'` store with this option does not answer at once any
     * more. A store that keeps text only is refused with `ERR_REDKV_UNSUPPORTED`.
     *
     * @default no compression
     */
    compress?: 'lz4' | 'zstd' | CompressOptions | undefined

    /**
     * The largest value that is accepted.
     *
     * A value with more bytes is not written, and not read. It is also the most that the values of one request may have
     * together (of some hundred keys, as a turn of the event loop or `getMany` reads them), where the answer comes from
     * a server or is decompressed: so what a server says, or what a few compressed bytes claim to be, does not decide
     * how much memory is taken. A value that is too large rejects with `ERR_REDKV_VALUE`, one that is too much beside
     * others with `ERR_REDKV_OVERLOAD`; other keys are served.
     *
     * A whole number from 1.
     *
     * @default 536,870,912 for `redis`, `s3` and with `compress`, else the limit of the store
     */
    maxValueBytes?: number | undefined

    /**
     * Whether writes are queued and made in the background (write-behind).
     *
     * `set` and `delete` resolve when they are queued here, and made in the other stores. They are sent in the
     * background, as batches, in order for each key; of several writes of a key that wait only the last one is sent.
     * Reads of this process are answered from the queue where it has the key.
     *
     * **A crash loses what is queued**: when the process is killed, or calls `process.exit()`, up to `maxPending` writes
     * and `maxPendingBytes` bytes that were acknowledged are gone. A process that ends by itself, or calls
     * {@link RedKV.close | close()}, sends them first. `flush()` waits for them. Other processes see a write when it has
     * been sent.
     *
     * A write that fails for good emits the event {@link Events.writeError | writeError}. Reads skip a cache that lost a
     * write until it is invalidated. When the last store has lost one, what it holds counts again, and the caches in
     * front are invalidated.
     *
     * Has no meaning for `'memory'`, which answers at once.
     *
     * @default false
     */
    writeBehind?: boolean | WriteBehindOptions | undefined

    /**
     * The store is read and never written.
     *
     * As the last store of a chain it fills those before it, and every `set` and `delete` of the chain rejects with
     * `ERR_REDKV_UNSUPPORTED`, with nothing written anywhere. Stores after one that is `readOnly` must be so too, else
     * `addStore` throws: it would continue to serve values that were overwritten or deleted after it. Excludes `ttl`.
     *
     * @default false
     */
    readOnly?: boolean | undefined
  }

  /** What is compressed, and how: see {@link TierOptions.compress}. */
  interface CompressOptions {
    /** The algorithm: `'lz4'` is faster, `'zstd'` saves more. */
    algorithm: 'lz4' | 'zstd'

    /**
     * Values of fewer bytes are not compressed.
     *
     * A whole number from 0 to 4,294,967,295.
     *
     * @default 1024
     */
    threshold?: number | undefined

    /**
     * For `'zstd'`: 1 is fast, 19 is small.
     *
     * A whole number from 1 to 19.
     *
     * @default 3
     */
    level?: number | undefined
  }

  /**
   * Options of the store `'memory'`, which keeps entries in the memory of this process.
   *
   * Without limits it grows as long as keys are written; with both, the tighter one holds. As the first store of a
   * chain it answers at once what it has, without a queue or a thread in between.
   *
   * @example
   * ```js
   * kv.addStore('memory', { maxEntries: 10_000 }, { ttl: '5m' })
   * ```
   */
  interface MemoryOptions {
    /**
     * How many entries it keeps at most.
     *
     * Beyond that, entries that are rarely used are evicted.
     *
     * A whole number from 1 to 1,125,899,906,842,624.
     *
     * @default no limit
     */
    maxEntries?: number | undefined

    /**
     * How many bytes it keeps at most: keys, values, and 128 bytes for each entry. An entry larger than this is not kept.
     *
     * Beyond that, entries that are rarely used are evicted.
     *
     * A whole number from 1 to 1,125,899,906,842,624.
     *
     * @default no limit
     */
    maxBytes?: number | undefined
  }

  /**
   * Options of the store `'redis'`, in the names of node_redis 2 and 3; those of clusters and sentinels in the names of
   * ioredis. It keeps entries in Redis or Valkey, as plain string values under the key (and its prefix).
   *
   * A connection that breaks is made again by itself, and a fail-over is followed.
   *
   * @example
   * ```js
   * kv.addStore('redis', { url: 'rediss://:password@cache.example.com:6380/2' }, { timeout: 250 })
   * kv.addStore('redis', { cluster: [{ host: 'node1.example.com', port: 6379 }] })
   * kv.addStore('redis', { sentinels: [{ host: 'sentinel1.example.com' }], name: 'mymaster' })
   * ```
   */
  interface RedisOptions {
    /**
     * `redis://[[username]:password@]host[:port][/db]`, `rediss://…` for TLS, or `unix:/path`. Takes precedence over the
     * options below, which fill its gaps.
     */
    url?: string | URL | undefined

    /**
     * The name or address of the server; a name is looked up for every connection.
     *
     * @default '127.0.0.1'
     */
    host?: string | undefined

    /**
     * The port of the server.
     *
     * A whole number from 1 to 65535.
     *
     * @default 6379
     */
    port?: number | `${number}` | undefined

    /** A socket file, instead of `host` and `port`; excludes `tls`; not on Windows. */
    path?: string | undefined

    /**
     * The number of the database.
     *
     * A whole number from 0 to 4,294,967,295.
     *
     * @default 0
     */
    db?: number | `${number}` | undefined

    /**
     * The name of the user, for servers with access control lists.
     *
     * An empty string is none.
     *
     * @default the server's default user
     */
    username?: string | undefined

    /**
     * The password of the user.
     *
     * An empty string is none. It appears in no error, log or `inspect()`.
     *
     * @default none
     */
    password?: string | undefined

    /**
     * `true` trusts the certificate authorities of the system; an object says more, such as `ca`.
     *
     * @default `false`; `true` for `rediss:`
     */
    tls?: boolean | TlsOptions | undefined

    /**
     * The nodes that are asked first, each `{ host, port }`, `{ url }` or a url; the others are found through them.
     * `true` if `url`, or `host` and `port`, name a node.
     *
     * A cluster has no `db` but 0 and no `path`. Credentials and TLS are the same for all nodes.
     *
     * @default false
     */
    cluster?: boolean | readonly RedisServer[] | undefined

    /**
     * The sentinels that know where the master is, each `{ host, port }`, `{ url }` or a url; their default port is
     * 26379.
     *
     * They are asked in turn for every connection. Needs `name`, and excludes `url`, `host`, `port`, `path` and
     * `cluster`.
     */
    sentinels?: readonly RedisServer[] | undefined

    /** The name of the master at the sentinels; required with `sentinels`. */
    name?: string | undefined

    /**
     * The user at the sentinels; `username` is the one at the server.
     *
     * An empty string is none.
     *
     * @default the default user of the sentinels
     */
    sentinelUsername?: string | undefined

    /**
     * The password at the sentinels; `password` is the one at the server.
     *
     * An empty string is none.
     *
     * @default none
     */
    sentinelPassword?: string | undefined

    /**
     * TLS to the sentinels, as `tls`, which is for the server.
     *
     * @default false
     */
    sentinelTLS?: boolean | TlsOptions | undefined

    /**
     * Which address to use instead of one that a node or a sentinel reports: `{ '10.0.0.1:6379': { host, port } }`.
     *
     * For servers that report addresses which this machine cannot reach.
     *
     * @default none
     */
    natMap?: Readonly<Record<string, { host: string; port: number | `${number}` }>> | undefined

    /**
     * Put before every key.
     *
     * @default none
     */
    prefix?: string | undefined

    /**
     * How long one attempt to connect may take, including sentinels, the lookup of the name, TLS and authentication.
     *
     * From 1 millisecond to 10,000 years.
     *
     * @default 5000
     */
    connectTimeout?: Duration | undefined
  }

  /**
   * A node of a cluster, or a sentinel: its url, or where it is. A url may bring credentials for all of them, and `rediss:`
   * means TLS to all of them.
   */
  type RedisServer = string | URL | { host: string; port?: number | `${number}` | undefined } | { url: string | URL }

  /**
   * How to speak TLS, in the names of `tls.connect()` of Node.js. Its other options are refused, but for those that
   * change nothing here.
   */
  interface TlsOptions {
    /**
     * The certificate authorities to trust, and no others.
     *
     * In PEM form. A server may show one of these itself, as one with a self-signed certificate does.
     *
     * @default those of the system, and those in the file that `NODE_EXTRA_CA_CERTS` names
     */
    ca?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined

    /**
     * The certificate of this client; needs `key`.
     *
     * In PEM form, with those that lead to its authority.
     *
     * @default none
     */
    cert?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined

    /**
     * The private key of this client, without a passphrase; needs `cert`.
     *
     * In PEM form.
     *
     * @default none
     */
    key?: string | Uint8Array | readonly [string | Uint8Array | { pem: string | Uint8Array }] | undefined

    /**
     * The name that the server's certificate must be for.
     *
     * @default the host
     */
    servername?: string | undefined

    /**
     * Whether the server's certificate must be valid. `false` accepts any certificate: for tests only.
     *
     * Anybody in between can then read along.
     *
     * @default true
     */
    rejectUnauthorized?: boolean | undefined

    /**
     * The oldest version of TLS that is accepted; not for `mysql`. Versions before 1.2 are never accepted; naming one changes nothing.
     *
     * @default 'TLSv1.2'
     */
    minVersion?: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3' | undefined

    /**
     * The newest version of TLS that is accepted; not for `mysql`.
     *
     * @default 'TLSv1.3'
     */
    maxVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined
  }

  /** Options of `tls.connect()` that have no effect here. Each gives a warning. */
  interface LegacyTlsOptions {
    /** @deprecated write {@link TlsOptions.maxVersion | maxVersion} */
    secureProtocol?: string | undefined

    /** @deprecated has no effect */
    ALPNProtocols?: unknown

    /** @deprecated has no effect */
    allowPartialTrustChain?: unknown

    /** @deprecated has no effect */
    enableTrace?: unknown

    /** @deprecated has no effect */
    highWaterMark?: unknown

    /** @deprecated has no effect */
    honorCipherOrder?: unknown

    /** @deprecated has no effect */
    keepAlive?: unknown

    /** @deprecated has no effect */
    lookup?: unknown

    /** @deprecated has no effect */
    minDHSize?: unknown

    /** @deprecated has no effect */
    noDelay?: unknown

    /** @deprecated has no effect */
    requestCert?: unknown

    /** @deprecated has no effect */
    requestOCSP?: unknown

    /** @deprecated has no effect */
    session?: unknown

    /** @deprecated has no effect */
    timeout?: unknown
  }

  /**
   * Options of node_redis that redkv 1.x handed on, for code that migrates: `RedisOptions & LegacyRedisOptions`. Each
   * gives a warning.
   */
  interface LegacyRedisOptions {
    /** @deprecated write {@link RedisOptions.username | username} */
    user?: string | undefined

    /** @deprecated write {@link RedisOptions.password | password} */
    auth_pass?: string | undefined

    /** @deprecated write {@link RedisOptions.password | password} */
    authPass?: string | undefined

    /** @deprecated write {@link RedisOptions.connectTimeout | connectTimeout} */
    connect_timeout?: Duration | `${number}` | undefined

    /** @deprecated has no effect */
    auto_resubscribe?: unknown

    /** @deprecated has no effect */
    command_queue_high_water_mark?: unknown

    /** @deprecated has no effect */
    command_queue_low_water_mark?: unknown

    /** @deprecated has no effect */
    detectBuffers?: unknown

    /** @deprecated has no effect */
    detect_buffers?: unknown

    /** @deprecated has no effect */
    disableResubscribing?: unknown

    /** @deprecated has no effect */
    disable_resubscribing?: unknown

    /** @deprecated has no effect */
    enableOfflineQueue?: unknown

    /** @deprecated has no effect */
    enable_offline_queue?: unknown

    /** @deprecated has no effect */
    family?: unknown

    /** @deprecated has no effect */
    maxAttempts?: unknown

    /** @deprecated has no effect */
    max_attempts?: unknown

    /** @deprecated has no effect */
    monitor?: unknown

    /** @deprecated has no effect */
    noReadyCheck?: unknown

    /** @deprecated has no effect */
    no_ready_check?: unknown

    /** @deprecated has no effect */
    parser?: unknown

    /** @deprecated has no effect */
    renameCommands?: unknown

    /** @deprecated has no effect */
    rename_commands?: unknown

    /** @deprecated has no effect */
    retryMaxDelay?: unknown

    /** @deprecated has no effect */
    retryStrategy?: unknown

    /** @deprecated has no effect */
    retryUnfulfilledCommands?: unknown

    /** @deprecated has no effect */
    retry_max_delay?: unknown

    /** @deprecated has no effect */
    retry_strategy?: unknown

    /** @deprecated has no effect */
    retry_unfulfilled_commands?: unknown

    /** @deprecated has no effect */
    returnBuffers?: unknown

    /** @deprecated has no effect */
    return_buffers?: unknown

    /** @deprecated has no effect */
    socketInitialDelay?: unknown

    /** @deprecated has no effect */
    socketKeepalive?: unknown

    /** @deprecated has no effect */
    socket_initial_delay?: unknown

    /** @deprecated has no effect */
    socket_initialdelay?: unknown

    /** @deprecated has no effect */
    socket_keepalive?: unknown

    /** @deprecated has no effect */
    socket_nodelay?: unknown

    /** @deprecated has no effect */
    stringNumbers?: unknown

    /** @deprecated has no effect */
    string_numbers?: unknown

    /** @deprecated has no effect */
    useBlueBird?: unknown

    /** @deprecated has no effect */
    useBluebird?: unknown

    /** @deprecated has no effect */
    use_bluebird?: unknown
  }

  /**
   * Options of the store `'dynamodb'`, those of the client in the names of the AWS SDK for JavaScript. It keeps entries
   * in a DynamoDB table, as items with the key in the table's hash key and the value in one attribute.
   *
   * Region and credentials that are left out come from where the AWS SDK finds them: the environment, the shared
   * configuration files, the role of the machine. A `ttl` needs {@link DynamoDBOptions.ttlAttribute | ttlAttribute}.
   *
   * @example
   * ```js
   * kv.addStore('dynamodb', { tableName: 'sessions', region: 'eu-central-1', ttlAttribute: 'expires' })
   * ```
   */
  interface DynamoDBOptions extends AwsOptions {
    /**
     * The name of the table, or its ARN.
     *
     * It must exist, and its hash key must be its only key and of type `S`; the name of that key is read from the
     * table.
     */
    tableName: string

    /**
     * The attribute that holds the value.
     *
     * @default 'v'
     */
    attributeName?: string | undefined

    /**
     * The attribute that holds the deadline of an entry, in seconds since 1970: the one that the table's "time to live"
     * is set to. Without it a `ttl` is refused.
     *
     * Entries past their deadline are never read, even before DynamoDB removes them. Without this option a write with a
     * `ttl` rejects with `ERR_REDKV_UNSUPPORTED`.
     *
     * @default none
     */
    ttlAttribute?: string | undefined

    /**
     * Whether a read sees every write that was acknowledged before. `false` costs half as much, but a read shortly
     * after a write or delete may still find the old value, and put it back into the stores before this one.
     *
     * @default true
     */
    consistentRead?: boolean | undefined
  }

  /**
   * Options of the store `'s3'`, those of the client in the names of the AWS SDK for JavaScript. It keeps entries as
   * objects in a bucket of Amazon S3 or of a compatible service: the key is the name of the object, after
   * {@link S3Options.prefix | prefix}, and the deadline of an entry is in its metadata.
   *
   * Each key of a batch is a request of its own, but for deletes. What has expired is never read, and stays in the bucket
   * until it is replaced or a lifecycle rule of the bucket removes it.
   *
   * @example
   * ```js
   * kv.addStore('s3', { bucket: 'my-cache', region: 'eu-central-1', prefix: 'sessions/' })
   * ```
   */
  interface S3Options extends AwsOptions {
    /**
     * The name of the bucket, or the ARN or alias of an access point.
     *
     * It must exist.
     */
    bucket: string

    /**
     * What the names of all objects begin with, such as `'sessions/'`: at most 512 bytes, no slash at the beginning, no
     * `//`, no folder `.` or `..`, no control characters.
     *
     * @default none
     */
    prefix?: string | undefined

    /**
     * Whether the bucket is in the path of the address instead of the name of the host, as many services other than
     * Amazon's need it.
     *
     * @default false
     */
    forcePathStyle?: boolean | undefined

    /**
     * How many requests may be in flight at a time; others wait for their turn, within the `timeout` of their operation.
     *
     * A whole number from 1 to 1,000.
     *
     * @default 50
     */
    maxSockets?: number | `${number}` | undefined
  }

  /**
   * Options that all clients of services of Amazon have, in the names of the AWS SDK for JavaScript.
   *
   * Region and credentials that are left out come from where the AWS SDK finds them: the environment, the shared
   * configuration files, the role of the machine.
   */
  interface AwsOptions {
    /**
     * The AWS region.
     *
     * @default `AWS_REGION`, or the shared configuration files, or the region of the machine
     */
    region?: string | undefined

    /**
     * The address of the service, such as `http://localhost:8000`; without a scheme `https`, or `http` with
     * `sslEnabled: false`.
     *
     * @default from the environment or the shared configuration files, or the region's own
     */
    endpoint?: string | URL | undefined

    /**
     * The access key: `{ accessKeyId, secretAccessKey, sessionToken }`.
     *
     * With one half of it the other must be there too. It appears in no error, log or `inspect()`.
     *
     * @default the environment, the shared configuration files, the role of the machine
     */
    credentials?: AwsCredentials | undefined

    /** A part of the access key, which takes precedence over `credentials`. */
    accessKeyId?: string | undefined

    /** As in `credentials`, over which it takes precedence. */
    secretAccessKey?: string | undefined

    /** As in `credentials`, over which it takes precedence. */
    sessionToken?: string | undefined

    /**
     * The profile in the shared configuration files.
     *
     * Region and credentials are taken from it.
     *
     * @default `AWS_PROFILE`, or `'default'`
     */
    profile?: string | undefined

    /** How long the client waits: `{ timeout, connectTimeout }`. */
    httpOptions?: AwsHttpOptions | undefined

    /**
     * Whether an `endpoint` without a scheme is spoken to over `https`. An `endpoint` that contradicts it is refused.
     *
     * Without an endpoint requests are always encrypted.
     *
     * @default true
     */
    sslEnabled?: boolean | undefined

    /**
     * How often a failed request is sent again; excludes `maxAttempts`.
     *
     * A whole number from 0 to 100.
     *
     * @default as `maxAttempts`
     */
    maxRetries?: number | `${number}` | undefined

    /**
     * How often a request is sent in all; excludes `maxRetries`.
     *
     * A whole number from 1 to 101.
     *
     * @default `AWS_MAX_ATTEMPTS`, or the shared configuration files, or `3`
     */
    maxAttempts?: number | `${number}` | undefined

    /**
     * Whether to use the endpoints that are validated for FIPS 140.
     *
     * @default from the environment or the shared configuration files, or `false`
     */
    useFipsEndpoint?: boolean | undefined

    /**
     * Whether to use the endpoints that are also reachable over IPv6.
     *
     * @default from the environment or the shared configuration files, or `false`
     */
    useDualstackEndpoint?: boolean | undefined
  }

  /** An AWS access key. */
  interface AwsCredentials {
    /** The public half. */
    accessKeyId: string

    /** The secret half. */
    secretAccessKey: string

    /** Belongs to a temporary key. */
    sessionToken?: string | undefined
  }

  /** How long a client of a service of Amazon waits. The tier option `timeout` bounds the whole operation. */
  interface AwsHttpOptions {
    /**
     * How long one attempt of a request may take; the tier option `timeout` limits all attempts together.
     *
     * From 1 millisecond to 10,000 years.
     *
     * @default no limit of its own
     */
    timeout?: Duration | undefined

    /**
     * How long making a connection may take.
     *
     * From 1 millisecond to 10,000 years.
     *
     * @default 1000
     */
    connectTimeout?: Duration | undefined
  }

  /** Options of the AWS SDK 2 that redkv 1.x handed on. Each gives a warning. */
  interface LegacyDynamoDBOptions extends LegacyAwsOptions {
    /** @deprecated write {@link DynamoDBOptions.consistentRead | consistentRead} */
    ConsistentRead?: boolean | undefined

    /** @deprecated has no effect */
    convertEmptyValues?: unknown

    /** @deprecated has no effect */
    convertResponseTypes?: unknown

    /** @deprecated has no effect */
    dynamoDbCrc32?: unknown

    /** @deprecated has no effect */
    s3BucketEndpoint?: unknown

    /** @deprecated has no effect */
    s3DisableBodySigning?: unknown

    /** @deprecated has no effect */
    s3ForcePathStyle?: unknown

    /** @deprecated has no effect */
    s3UsEast1RegionalEndpoint?: unknown

    /** @deprecated has no effect */
    wrapNumbers?: unknown
  }

  /** Options of the AWS SDK 2 for S3. Each gives a warning. */
  interface LegacyS3Options extends LegacyAwsOptions {
    /** @deprecated write {@link S3Options.forcePathStyle | forcePathStyle} */
    s3ForcePathStyle?: boolean | undefined

    /** @deprecated has no effect */
    s3BucketEndpoint?: unknown

    /** @deprecated has no effect */
    s3DisableBodySigning?: unknown

    /** @deprecated has no effect */
    s3UsEast1RegionalEndpoint?: unknown

    /** @deprecated has no effect */
    useAccelerateEndpoint?: unknown
  }

  /** Options of the AWS SDK 2 for all services that have no effect any more. Each gives a warning. */
  interface LegacyAwsOptions {
    /** @deprecated has no effect */
    apiVersion?: unknown

    /** @deprecated has no effect */
    apiVersions?: unknown

    /** @deprecated has no effect */
    clientSideMonitoring?: unknown

    /** @deprecated has no effect */
    computeChecksums?: unknown

    /** @deprecated has no effect */
    correctClockSkew?: unknown

    /** @deprecated has no effect */
    credentialProvider?: unknown

    /** @deprecated has no effect */
    customUserAgent?: unknown

    /** @deprecated has no effect */
    endpointCacheSize?: unknown

    /** @deprecated has no effect */
    endpointDiscoveryEnabled?: unknown

    /** @deprecated has no effect */
    hostPrefixEnabled?: unknown

    /** @deprecated has no effect */
    logger?: unknown

    /** @deprecated has no effect */
    maxRedirects?: unknown

    /** @deprecated has no effect */
    paramValidation?: unknown

    /** @deprecated has no effect */
    params?: unknown

    /** @deprecated has no effect */
    retryDelayOptions?: unknown

    /** @deprecated has no effect */
    service?: unknown

    /** @deprecated has no effect */
    signatureCache?: unknown

    /** @deprecated has no effect */
    signatureVersion?: unknown

    /** @deprecated has no effect */
    stsRegionalEndpoints?: unknown

    /** @deprecated has no effect */
    systemClockOffset?: unknown
  }

  /** Properties of the AWS SDK's credentials that have no effect here. Each gives a warning. */
  interface LegacyAwsCredentials {
    /** @deprecated has no effect */
    accountId?: unknown

    /** @deprecated has no effect */
    expireTime?: unknown

    /** @deprecated has no effect */
    expiration?: unknown

    /** @deprecated has no effect */
    expired?: unknown

    /** @deprecated has no effect */
    refreshCallbacks?: unknown
  }

  /** Options of the AWS SDK 2 that redkv 1.x handed on and that have no effect any more. Each gives a warning. */
  interface LegacyAwsHttpOptions {
    /** @deprecated has no effect */
    agent?: unknown

    /** @deprecated has no effect */
    proxy?: unknown

    /** @deprecated has no effect */
    xhrAsync?: unknown

    /** @deprecated has no effect */
    xhrWithCredentials?: unknown
  }

  /**
   * Options of the store `'sqlite'`, which keeps entries in a table of a SQLite database. Names are taken as they are,
   * never as SQL.
   *
   * A file that was written by redkv 1.x is read as it is. The main thread never waits for the disk, and an acknowledged
   * write survives a power failure. A `ttl` needs {@link SQLiteOptions.expiresColumn | expiresColumn}.
   *
   * @example
   * ```js
   * kv.addStore('sqlite', { path: './data/cache.sqlite', expiresColumn: 'expires' })
   * ```
   */
  interface SQLiteOptions {
    /**
     * The file, or `':memory:'` for one that is gone when the store is closed. A missing file is created, for this user
     * (0600), and for the group if the directory is writable by the group; its directory is not.
     *
     * It must be on a local disk.
     *
     * A `URL` must begin with `file:`.
     */
    path: string | URL

    /**
     * The table. A missing table is created.
     *
     * @default 'redkv'
     */
    tableName?: string | undefined

    /**
     * The column that holds the key. In a table that another program made it must be the `PRIMARY KEY` or `UNIQUE`, with
     * an exact comparison.
     *
     * A comparison is exact without `COLLATE NOCASE` and `RTRIM`. The column must take text.
     *
     * @default 'redk'
     */
    keyColumn?: string | undefined

    /**
     * The column that holds the value.
     *
     * @default 'redv'
     */
    valueColumn?: string | undefined

    /**
     * The column that holds the deadline of an entry, in milliseconds since 1970, `NULL` for never. A missing column is
     * added. **Expired rows are deleted.** Without it a `ttl` is refused.
     *
     * A write with a `ttl` then rejects with `ERR_REDKV_UNSUPPORTED`.
     *
     * @default none
     */
    expiresColumn?: string | undefined
  }

  /** Options of better-sqlite3 that never had an effect in redkv. Each gives a warning. */
  interface LegacySQLiteOptions {
    /** @deprecated has no effect */
    fileMustExist?: unknown

    /** @deprecated has no effect */
    memory?: unknown

    /** @deprecated has no effect */
    nativeBinding?: unknown

    /** @deprecated has no effect */
    readonly?: unknown

    /** @deprecated has no effect */
    timeout?: unknown

    /** @deprecated has no effect */
    verbose?: unknown
  }

  /** The table of a store `'postgres'` or `'mysql'`. Names are taken as they are, never as SQL. */
  interface SQLTableOptions {
    /** The table. A dot is a part of its name. */
    tableName: string

    /** The column that holds the key: the `PRIMARY KEY`, or `UNIQUE` by itself and in its full length, of bytes or text. */
    keyColumn: string

    /** The column that holds the value, of bytes or text. A row in which it is `NULL` is no entry. */
    valueColumn: string

    /**
     * The column that holds the deadline of an entry: `BIGINT`, in milliseconds since 1970, `NULL` for never. **Expired
     * rows are deleted** during later writes, if an index begins with this column. Without it a `ttl` is refused.
     *
     * A write with a `ttl` then rejects with `ERR_REDKV_UNSUPPORTED`.
     *
     * @default none
     */
    expiresColumn?: string | undefined

    /**
     * Whether a missing table is created, with columns of bytes, and a missing `expiresColumn` is added with an index.
     *
     * @default false
     */
    createTable?: boolean | undefined

    /**
     * What the columns hold: with `'text'`, a new table has columns of text, and what is not text is refused before
     * anything is sent.
     *
     * Without it, a column of text refuses it key by key. With `'binary'`, `ready()` rejects when the table has columns
     * of text.
     *
     * @default that of the table
     */
    columnType?: 'binary' | 'text' | undefined
  }

  /** How to reach the server of a store `'postgres'` or `'mysql'`. */
  interface SQLConnectionOptions {
    /**
     * Such as `postgres://user:password@host:5432/database?sslmode=require` or `mysql://user:password@host/database`,
     * also with parameters. Takes precedence over the options below, which fill its gaps.
     *
     * What they say of TLS must not contradict it.
     */
    url?: string | URL | undefined

    /**
     * The name or address of the server, looked up for every connection; for `postgres` also the folder of the server's
     * socket.
     *
     * @default 'localhost'
     */
    host?: string | undefined

    /**
     * The port of the server.
     *
     * A whole number from 1 to 65535.
     *
     * @default `5432` for `postgres`, `3306` for `mysql`
     */
    port?: number | `${number}` | undefined

    /**
     * The user who logs in.
     *
     * @default for `postgres` the user of the process
     */
    user?: string | undefined

    /**
     * The password of the user.
     *
     * It appears in no error, log or `inspect()`.
     *
     * @default none
     */
    password?: string | undefined

    /**
     * The database.
     *
     * @default for `postgres` the user's name; required for `mysql`, if it is not in the url
     */
    database?: string | undefined

    /**
     * `true` trusts the certificate authorities of the system; an object says more, such as `ca`; a word is a mode
     * as in a url, such as `'require'`.
     *
     * @default `false`, or for `postgres` what `PGSSLMODE` says
     */
    ssl?: boolean | TlsOptions | SSLMode | undefined

    /**
     * How many connections there are at most.
     *
     * A whole number from 1 to 10,000.
     *
     * @default 10
     */
    max?: number | `${number}` | undefined

    /**
     * How long one attempt to connect may take, including the lookup of the name, TLS and login.
     *
     * From 1 millisecond to 10,000 years.
     *
     * @default 5000
     */
    connectTimeout?: Duration | undefined
  }

  /** What other clients call options of {@link SQLConnectionOptions}. Each gives a warning. */
  interface LegacySQLConnectionOptions {
    /** @deprecated write {@link SQLConnectionOptions.url | url} */
    connectionString?: string | URL | undefined

    /** @deprecated write {@link SQLConnectionOptions.url | url} */
    uri?: string | URL | undefined

    /** @deprecated write {@link SQLConnectionOptions.user | user} */
    username?: string | undefined

    /** @deprecated write {@link SQLConnectionOptions.max | max} */
    connectionLimit?: number | `${number}` | undefined

    /** @deprecated write {@link SQLConnectionOptions.max | max} */
    poolSize?: number | `${number}` | undefined
  }

  /** Whether there is TLS, and what is checked of the server, in the words of libpq and node-postgres. */
  type SSLMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full' | 'no-verify'

  /**
   * Options of the store `'postgres'`, which keeps entries in a table of a PostgreSQL database (version 12 and later), in
   * the names of node-postgres.
   *
   * What is missing of the connection is taken from the environment: `PGHOST`, `PGPORT`, `PGUSER`, `PGPASSWORD`,
   * `PGDATABASE`, `PGAPPNAME`, `PGOPTIONS`, and what libpq reads of TLS, such as `PGSSLMODE` and `PGSSLROOTCERT`.
   *
   * @example
   * ```js
   * kv.addStore('postgres', {
   *   url: 'postgres://app:password@db.example.com/app?sslmode=require',
   *   tableName: 'kv', keyColumn: 'k', valueColumn: 'v', expiresColumn: 'expires', createTable: true,
   * })
   * ```
   */
  interface PostgresOptions extends SQLTableOptions, SQLConnectionOptions {
    /**
     * The schema of the table.
     *
     * @default the search path of the user
     */
    schema?: string | undefined

    /**
     * The name of the connections that the server shows.
     *
     * @default 'redkv'
     */
    application_name?: string | undefined

    /**
     * Settings of the session, such as `'-c statement_timeout=5s'`, or what a hosting provider expects here.
     *
     * @default none
     */
    options?: string | undefined

    /**
     * Whether a password is bound to the server's certificate (SCRAM-SHA-256-PLUS), if the server can do that;
     * `channel_binding=require` in the url refuses a server that cannot.
     *
     * @default false
     */
    enableChannelBinding?: boolean | undefined
  }

  /** Options of node-postgres that have no effect here. Each gives a warning. */
  interface LegacyPostgresOptions extends LegacySQLConnectionOptions {
    /** @deprecated has no effect */
    Promise?: unknown

    /** @deprecated has no effect */
    allowExitOnIdle?: unknown

    /** @deprecated has no effect */
    binary?: unknown

    /** @deprecated has no effect */
    client_encoding?: unknown

    /** @deprecated has no effect */
    encoding?: unknown

    /** @deprecated has no effect */
    fallback_application_name?: unknown

    /** @deprecated has no effect */
    idleTimeoutMillis?: unknown

    /** @deprecated has no effect */
    idle_in_transaction_session_timeout?: unknown

    /** @deprecated has no effect */
    keepAlive?: unknown

    /** @deprecated has no effect */
    keepAliveInitialDelayMillis?: unknown

    /** @deprecated has no effect */
    lock_timeout?: unknown

    /** @deprecated has no effect */
    log?: unknown

    /** @deprecated has no effect */
    maxLifetimeSeconds?: unknown

    /** @deprecated has no effect */
    maxUses?: unknown

    /** @deprecated has no effect */
    min?: unknown

    /** @deprecated has no effect */
    onConnect?: unknown

    /** @deprecated has no effect */
    parseInputDatesAsUTC?: unknown

    /** @deprecated has no effect */
    poolIdleTimeout?: unknown

    /** @deprecated has no effect */
    query_timeout?: unknown

    /** @deprecated has no effect */
    reapIntervalMillis?: unknown

    /** @deprecated has no effect */
    rows?: unknown

    /** @deprecated has no effect */
    statement_timeout?: unknown

    /** @deprecated has no effect */
    stream?: unknown

    /** @deprecated has no effect */
    types?: unknown

    /** @deprecated has no effect */
    useBlueBird?: unknown

    /** @deprecated has no effect */
    useBluebird?: unknown

    /** @deprecated has no effect */
    verify?: unknown

    /** @deprecated write {@link SQLConnectionOptions.connectTimeout | connectTimeout} */
    connectionTimeoutMillis?: Duration | `${number}` | undefined
  }

  /**
   * Options of the store `'mysql'`, which keeps entries in a table of a MySQL (version 8) or MariaDB database, in the
   * names of mysql and mysql2.
   *
   * Keys are compared exactly, whatever the collation of the key column. The default ones take `'a'`, `'A'` and `'á'` for
   * one key: then a key that the column cannot keep beside a stored one is refused with `ERR_REDKV_UNSUPPORTED`, in an
   * error that names both, and one process warning says how to change the column without loss.
   *
   * @example
   * ```js
   * kv.addStore('mysql', {
   *   host: 'db.example.com', user: 'app', password: 'password', database: 'app',
   *   tableName: 'kv', keyColumn: 'k', valueColumn: 'v', createTable: true,
   * })
   * ```
   */
  interface MySQLOptions extends SQLTableOptions, SQLConnectionOptions {
    /** The socket file of the server, instead of `host` and `port`; excludes `ssl`; not on Windows. */
    socketPath?: string | undefined
  }

  /** Options of mysql and mysql2 that have no effect here. Each gives a warning. */
  interface LegacyMySQLOptions extends LegacySQLConnectionOptions {
    /** @deprecated has no effect */
    authPlugins?: unknown

    /** @deprecated has no effect */
    authSwitchHandler?: unknown

    /** @deprecated has no effect */
    bigNumberStrings?: unknown

    /** @deprecated has no effect */
    charset?: unknown

    /** @deprecated has no effect */
    charsetNumber?: unknown

    /** @deprecated has no effect */
    compress?: unknown

    /** @deprecated has no effect */
    connectAttributes?: unknown

    /** @deprecated has no effect */
    dateStrings?: unknown

    /** @deprecated has no effect */
    debug?: unknown

    /** @deprecated has no effect */
    decimalNumbers?: unknown

    /** @deprecated has no effect */
    disableEval?: unknown

    /** @deprecated has no effect */
    enableKeepAlive?: unknown

    /** @deprecated has no effect */
    flags?: unknown

    /** @deprecated has no effect */
    idleTimeout?: unknown

    /** @deprecated has no effect */
    infileStreamFactory?: unknown

    /** @deprecated has no effect */
    insecureAuth?: unknown

    /** @deprecated has no effect */
    isServer?: unknown

    /** @deprecated has no effect */
    keepAliveInitialDelay?: unknown

    /** @deprecated has no effect */
    localAddress?: unknown

    /** @deprecated has no effect */
    localInfile?: unknown

    /** @deprecated has no effect */
    maxIdle?: unknown

    /** @deprecated has no effect */
    maxPreparedStatements?: unknown

    /** @deprecated has no effect */
    multipleStatements?: unknown

    /** @deprecated has no effect */
    namedPlaceholders?: unknown

    /** @deprecated has no effect */
    nestTables?: unknown

    /** @deprecated has no effect */
    pool?: unknown

    /** @deprecated has no effect */
    protocol41?: unknown

    /** @deprecated has no effect */
    queryFormat?: unknown

    /** @deprecated has no effect */
    queueLimit?: unknown

    /** @deprecated has no effect */
    rowsAsArray?: unknown

    /** @deprecated has no effect */
    stream?: unknown

    /** @deprecated has no effect */
    stringifyObjects?: unknown

    /** @deprecated has no effect */
    supportBigNumbers?: unknown

    /** @deprecated has no effect */
    timezone?: unknown

    /** @deprecated has no effect */
    trace?: unknown

    /** @deprecated has no effect */
    typeCast?: unknown

    /** @deprecated has no effect */
    useBlueBird?: unknown

    /** @deprecated has no effect */
    useBluebird?: unknown

    /** @deprecated has no effect */
    waitForConnections?: unknown

    /** @deprecated write {@link SQLConnectionOptions.connectTimeout | connectTimeout} */
    acquireTimeout?: Duration | `${number}` | undefined
  }

  /**
   * Options of the store `'file'`, which keeps every entry in a file of its own. Several processes may use one folder.
   *
   * Any key is safe, `'../a'` and keys of 10,000 bytes too. A file is replaced as a whole, so a reader, also
   * after a crash, finds the old entry or the new one. A file that is damaged rejects with `ERR_REDKV_VALUE` until it is
   * written or deleted.
   *
   * @example
   * ```js
   * kv.addStore('file', { path: './data/pages', durable: true })
   * ```
   */
  interface FileOptions {
    /**
     * The folder. A missing one is created, for this user alone (0700); its parent is not.
     *
     * A `URL` must begin with `file:`.
     */
    path: string | URL

    /**
     * Whether a write is acknowledged only when its file and its folder are on the disk. Without it, the end of the
     * process loses nothing; a power failure may lose or damage what was written in the seconds before.
     *
     * @default false
     */
    durable?: boolean | undefined
  }

  /**
   * Options of the store `'disk'`, which keeps entries in an ordered store in a folder of its own, on a local disk. One
   * process at a time may use it; a second one is refused at once.
   *
   * With limits it keeps what was used lately and deletes what was used longest ago, also after a restart. A crash at any
   * moment damages nothing. What it may take back is described at {@link DiskOptions.durable | durable}; the uses of the
   * last second may be forgotten in any case.
   *
   * @example
   * ```js
   * kv.addStore('disk', { path: './data/cache', maxBytes: 500_000_000 })
   * ```
   */
  interface DiskOptions {
    /**
     * The folder, for this store alone. A missing one is created, for this user alone (0700); its parent is not.
     *
     * A `URL` must begin with `file:`.
     */
    path: string | URL

    /**
     * How many bytes the folder takes on the disk at most. How much of that are keys and values
     * depends on their sizes. An entry that does not fit by itself is not kept. Free space in the file is used again;
     * the file does not always become shorter.
     *
     * A third of it are keys and values if these are of 100 bytes, most of it if they are large. On Windows it may take
     * about twice the limit.
     *
     * A whole number from 1,000,000 to 1,125,899,906,842,624.
     *
     * @default no limit
     */
    maxBytes?: number | undefined

    /**
     * How many entries it keeps at most.
     *
     * A whole number from 1 to 1,125,899,906,842,624.
     *
     * @default no limit
     */
    maxEntries?: number | undefined

    /**
     * How many bytes of the file it keeps in memory.
     *
     * The operating system keeps others.
     *
     * A whole number from 1,048,576 to 1,125,899,906,842,624.
     *
     * @default 33,554,432 (32 MiB)
     */
    cacheBytes?: number | undefined

    /**
     * Whether a write is acknowledged only when it is on the disk (`fsync`). Writes that wait share one.
     *
     * Without it, a write is on the disk within a second; a crash of the process or a power failure takes back what was
     * written since, all of it from some moment on.
     *
     * @default false
     */
    durable?: boolean | undefined
  }

  /** Options of data structures that all backends have. */
  interface StructuresCommonOptions {
    /**
     * `'strict'` keeps sorted members apart from the value, set or hash of the same key on DynamoDB, too; elsewhere it is so
     * in any case.
     *
     * This costs DynamoDB a transaction for each `zAdd`, `zhAdd` and `zIncrBy`, which take 3 write units more and may
     * conflict with one another, and a query before the other writes. Without it both may be under one key there.
     *
     * @default kept apart on all backends but DynamoDB
     */
    kinds?: 'strict' | undefined

    /**
     * Holds the limits of DynamoDB on any backend, for development: 2 kB for a key, 1,016 bytes for a field of a sorted
     * set, 400 kB for an item, nothing empty that is a key there.
     *
     * @default those of the backend
     */
    limits?: 'dynamodb' | undefined

    /**
     * How often an atomic write that met another one is tried again, with growing pauses, before it rejects with
     * `ERR_REDKV_CONFLICT`.
     *
     * A whole number from 0 to 100.
     *
     * @default 3
     */
    retries?: number | undefined
  }

  /**
   * Options of data structures in `'dynamodb'`, those of the client in the names of the AWS SDK for JavaScript.
   *
   * Region and credentials that are left out come from where the AWS SDK finds them: the environment, the shared
   * configuration files, the role of the machine.
   */
  interface DynamoDBStructuresOptions extends AwsOptions {
    /**
     * The name of the table, or its ARN.
     *
     * `createTable()` makes it: its hash key `hk`, its range key `rk` and the range key `rk2` of its local index `rk2`
     * are of type `B`.
     */
    tableName: string
  }

  /** Options of the AWS SDK 2 that have no effect. Each gives a warning. */
  interface LegacyDynamoDBStructuresOptions extends LegacyAwsOptions {
    /** @deprecated has no effect */
    convertEmptyValues?: unknown

    /** @deprecated has no effect */
    convertResponseTypes?: unknown

    /** @deprecated has no effect */
    dynamoDbCrc32?: unknown

    /** @deprecated has no effect */
    wrapNumbers?: unknown
  }

  /**
   * Options of the data structures in `'sqlite'`, a table of a SQLite database. Its name is taken as it is, never as SQL.
   *
   * The main thread never waits for the disk, and an acknowledged write survives a power failure. Two processes may use
   * one file.
   *
   * @example
   * ```js
   * const db = new Structures('sqlite', { path: './data/app.sqlite' })
   * ```
   */
  interface SQLiteStructuresOptions {
    /**
     * The file, or `':memory:'` for one that is gone when the instance is closed. A missing file is created, for this
     * user (0600), and for the group if the directory is writable by the group; its directory is not.
     *
     * It must be on a local disk.
     *
     * A `URL` must begin with `file:`.
     */
    path: string | URL

    /**
     * The table. A missing table is created.
     *
     * @default 'structures'
     */
    tableName?: string | undefined
  }

  /** Options of a read cache in front of data structures. */
  interface StructuresCacheOptions {
    /**
     * Of how many keys it keeps answers at most.
     *
     * Beyond that, those that are rarely used are evicted.
     *
     * A whole number from 1 to 1,125,899,906,842,624.
     *
     * @default 10000
     */
    maxEntries?: number | undefined

    /**
     * How many bytes it keeps at most, counting keys, answers, and what it needs for each.
     *
     * Beyond that, answers that are rarely used are evicted. One that is larger is not kept.
     *
     * A whole number from 1 to 1,125,899,906,842,624.
     *
     * @default 64 MiB
     */
    maxBytes?: number | undefined

    /**
     * How long it keeps an answer after it was asked for.
     *
     * From 1 millisecond to 10,000 years.
     *
     * @default until the key is written through it, invalidated or evicted
     */
    ttl?: Duration | undefined
  }

  /** What `createTable` makes besides the table. */
  interface RecordsTableOptions {
    /**
     * Indexes of each partition, in the order of a field. DynamoDB makes them with the table, or never.
     *
     * @default none
     */
    localIndexes?: readonly RecordsLocalIndex[] | undefined

    /**
     * Indexes of the table: a field in place of the name of the partition, and another one for the order.
     *
     * @default none
     */
    globalIndexes?: readonly RecordsGlobalIndex[] | undefined

    /**
     * Whether records are deleted some time after they have expired. DynamoDB takes up to a few days for that; `sqlite` and
     * `memory` do it two days later, while they write.
     *
     * @default false
     */
    ttl?: boolean | undefined
  }

  /** An index of each partition. */
  interface RecordsLocalIndex {
    /** Its name. */
    name: string

    /** The field that records are ordered by. Those without it are not in the index. */
    sortKey: string
  }

  /** An index of the table. */
  interface RecordsGlobalIndex {
    /** Its name. */
    name: string

    /** The field whose value is the name of a partition: that partition lists the record. Records without it are not listed. */
    hashKey: string

    /** The field that records are ordered by. Those without it are not in the index. */
    sortKey: string
  }

  /**
   * Options of records in `'dynamodb'`, those of the client in the names of the AWS SDK for JavaScript.
   *
   * Region and credentials that are left out come from where the AWS SDK finds them: the environment, the shared
   * configuration files, the role of the machine.
   */
  interface DynamoDBRecordsOptions extends AwsOptions {
    /**
     * The name of the table, or its ARN.
     *
     * `createTable()` makes it: its hash key `id` and its range key `name` are of type `S`.
     */
    tableName: string
  }

  /** Options of the AWS SDK 2 that have no effect. Each gives a warning. */
  interface LegacyDynamoDBRecordsOptions extends LegacyAwsOptions {
    /** @deprecated has no effect */
    convertEmptyValues?: unknown

    /** @deprecated has no effect */
    convertResponseTypes?: unknown

    /** @deprecated has no effect */
    dynamoDbCrc32?: unknown

    /** @deprecated has no effect */
    wrapNumbers?: unknown
  }

  /**
   * Options of the records in `'sqlite'`, in tables of a SQLite database. Their name is taken as it is, never
   * as SQL.
   *
   * The main thread never waits for the disk, and an acknowledged write survives a power failure. Two processes may use
   * one file.
   *
   * @example
   * ```js
   * const table = new Records('sqlite', { path: './data/app.sqlite' })
   * ```
   */
  interface SQLiteRecordsOptions {
    /**
     * The file, or `':memory:'` for one that is gone when the instance is closed. A missing file is created, for this
     * user (0600), and for the group if the directory is writable by the group; its directory is not.
     *
     * It must be on a local disk.
     *
     * A `URL` must begin with `file:`.
     */
    path: string | URL

    /**
     * The table. A missing table is created. Beside it are two more, for indexes: with `_shape` and `_entries` at the end
     * of the name.
     *
     * @default 'records'
     */
    tableName?: string | undefined
  }

  /** The options of each store, by its name. */
  interface StoreOptions {
    memory: MemoryOptions
    redis: RedisOptions
    dynamodb: DynamoDBOptions
    s3: S3Options
    sqlite: SQLiteOptions
    postgres: PostgresOptions
    mysql: MySQLOptions
    file: FileOptions
    disk: DiskOptions
  }

  /** The name of a store, in lower case. */
  type StoreName = 'memory' | 'redis' | 'dynamodb' | 's3' | 'sqlite' | 'postgres' | 'mysql' | 'file' | 'disk'

  /** Other names of stores, in lower case. */
  interface StoreAliases {
    mariadb: 'mysql'
    postgresql: 'postgres'
  }

  /** The store that a name in any case means. */
  type StoreCalled<Name extends string> = Lowercase<Name> extends keyof StoreAliases
    ? StoreAliases[Lowercase<Name>] & StoreName
    : Lowercase<Name> & StoreName

  /** The names of stores that cannot do without options. */
  type StoreNameWithRequiredOptions = { [Name in StoreName]: {} extends StoreOptions[Name] ? never : Name }[StoreName]

  /** What follows the name in `addStore`: the options of the store, left out only where none is required. */
  type AddStoreArguments<Name extends StoreName> = Extract<Name, StoreNameWithRequiredOptions> extends never
    ? [options?: StoreOptions[Name], tierOptions?: TierOptionsOf<Name>]
    : [options: StoreOptions[Name], tierOptions?: TierOptionsOf<Name>]

  /** The tier options of a store: `'memory'` has its bounds among its own options. */
  type TierOptionsOf<Name extends StoreName> = [Name] extends ['memory']
    ? Omit<TierOptions, 'maxEntries' | 'maxBytes'>
    : TierOptions

  /**
   * What went wrong, as far as a caller would act on it:
   *
   * | code | meaning |
   * |---|---|
   * | `ERR_REDKV_CONNECTION` | the store cannot be reached, or the connection broke |
   * | `ERR_REDKV_TIMEOUT` | the store did not answer in time |
   * | `ERR_REDKV_STORE` | the store answered with an error |
   * | `ERR_REDKV_VALUE` | what is stored cannot be read as what was asked for |
   * | `ERR_REDKV_UNSUPPORTED` | the store cannot do what was asked, now or later |
   * | `ERR_REDKV_PARTIAL` | an operation on many keys failed for some (or all) of them |
   * | `ERR_REDKV_NO_STORES` | a read needs at least one store |
   * | `ERR_REDKV_TYPE` | of data structures: the key has another kind than the operation is for |
   * | `ERR_REDKV_CONFLICT` | of data structures: an atomic write met other writes again and again; nothing was written |
   * | `ERR_REDKV_EXISTS` | of records: there is a record already |
   * | `ERR_REDKV_MODIFIED` | of records: the record has another version than the one that was read, or is gone |
   * | `ERR_REDKV_NOT_FOUND` | of records: there is no such record |
   * | `ERR_REDKV_LEASE_LOST` | what a {@link Lease.lost | lost} lease aborts with |
   * | `ERR_REDKV_OVERLOAD` | more is pending than `maxPending` or `maxPendingBytes` allow |
   * | `ERR_REDKV_ABORTED` | the `signal` of a write aborted while it waited |
   * | `ERR_REDKV_CLOSED` | `close()` was called, or its `timeout` was over while it waited |
   * | `ERR_REDKV_INTERNAL` | a defect of RedKV: please report it |
   * | `ERR_REDKV_ARGUMENT` | an argument or option is wrong: a `TypeError`, no `RedKVError`, see {@link RedKVArgumentError} |
   */
  type RedKVErrorCode =
    | 'ERR_REDKV_CONNECTION'
    | 'ERR_REDKV_TIMEOUT'
    | 'ERR_REDKV_STORE'
    | 'ERR_REDKV_VALUE'
    | 'ERR_REDKV_UNSUPPORTED'
    | 'ERR_REDKV_PARTIAL'
    | 'ERR_REDKV_NO_STORES'
    | 'ERR_REDKV_TYPE'
    | 'ERR_REDKV_CONFLICT'
    | 'ERR_REDKV_EXISTS'
    | 'ERR_REDKV_MODIFIED'
    | 'ERR_REDKV_NOT_FOUND'
    | 'ERR_REDKV_LEASE_LOST'
    | 'ERR_REDKV_OVERLOAD'
    | 'ERR_REDKV_ABORTED'
    | 'ERR_REDKV_CLOSED'
    | 'ERR_REDKV_INTERNAL'
    | 'ERR_REDKV_ARGUMENT'

  /** What was called when something failed. */
  type RedKVOperation =
    | keyof Operations
    | 'ready'
    | 'flush'
    | 'lease'
    | 'close'
    | 'addStore'
    | 'addChain'
    | RedKVStructureOperation
    | RedKVRecordOperation

  /**
   * Every error of RedKV, told apart by its `code`: what a `switch` that covers all {@link RedKVErrorCode | codes} is for.
   */
  type AnyRedKVError = RedKVError | RedKVArgumentError

  /**
   * What an operation rejects with when something failed that is no fault of its arguments: a {@link RedKVSingleError} or,
   * with the code `ERR_REDKV_PARTIAL`, a {@link PartialError}. Messages never hold values, passwords or keys of AWS.
   * `instanceof RedKVError` holds for errors of other copies of the package, too.
   *
   * The `stack` is that of the caller who waits (`at async …`); where hundreds of operations fail at once, it has no callers.
   *
   * @example
   * ```js
   * try {
   *   await kv.set('user:1', 'Ada')
   * } catch (error) {
   *   if (!(error instanceof RedKVError) || !error.retryable) throw error
   *   console.warn(`${error.store} failed to ${error.operation}: ${error.code}`)
   * }
   * ```
   */
  type RedKVError = RedKVSingleError | PartialError

  const RedKVError: RedKVErrorConstructor

  /** The class of {@link RedKVError}. */
  interface RedKVErrorConstructor {
    /** Makes an error as RedKV itself does, for tests of the code that handles one. */
    new (code: 'ERR_REDKV_PARTIAL', message: string, details: PartialErrorDetails): PartialError

    /** Makes an error as RedKV itself does, for tests of the code that handles one. */
    new (code: RedKVSingleError['code'], message: string, details?: RedKVErrorDetails): RedKVSingleError

    readonly prototype: RedKVError
  }

  /** What every {@link RedKVError} has. */
  interface RedKVErrorBase extends Error {
    /** The name of the store that failed, where one did. */
    readonly store?: StoreName | 'chain'

    /** The operation that failed, such as `'get'`, where one did. */
    readonly operation?: RedKVOperation

    /** The option or argument that it is about, where there is one. */
    readonly field?: string

    /** Whether the same call may succeed when it is made again. */
    readonly retryable: boolean

    /**
     * Whether a write that failed may have been made: `'not-applied'` if it was not made in any store, `'unknown'` if
     * its answer was lost, or if one store took it and another did not. With `ERR_REDKV_PARTIAL` it is `'unknown'` if
     * that holds for one of {@link PartialErrorOf.errors | errors}. Of a read it is always `'not-applied'`.
     *
     * @example
     * ```js
     * if (error.retryable && error.outcome === 'not-applied') await kv.set(key, value) // no harm in a second one
     * ```
     */
    readonly outcome: RedKVOutcome

    /** The error underneath, where there is one; with `ERR_REDKV_ABORTED` the `reason` of the signal, whatever it is. */
    readonly cause?: unknown
  }

  /** What failed as a whole. */
  interface RedKVSingleError extends RedKVErrorBase {
    /** What went wrong, to compare with. */
    readonly code: Exclude<RedKVErrorCode, 'ERR_REDKV_PARTIAL' | 'ERR_REDKV_ARGUMENT'>

    /**
     * The record that is there now, or `null` where there is none, or where `previous` was of another key: with
     * `ERR_REDKV_EXISTS`, `ERR_REDKV_MODIFIED` and `ERR_REDKV_NOT_FOUND`. What prints the error does not print it.
     */
    readonly record?: VersionedRecord | null

    /** Only with `ERR_REDKV_PARTIAL`. */
    readonly errors?: undefined

    /** Only with `ERR_REDKV_PARTIAL`. */
    readonly values?: undefined
  }

  /**
   * An operation on many keys that failed for some (or all) of them. Its `operation` says which one, and so what
   * `values` there are.
   *
   * @example
   * ```js
   * if (error.code === 'ERR_REDKV_PARTIAL') {
   *   for (const [key, { code, message }] of error.errors) console.warn(key, code, message)
   * }
   * ```
   */
  type PartialError =
    | PartialErrorOf<'getMany', (string | null | undefined)[]>
    | PartialErrorOf<'hasMany', (boolean | undefined)[]>
    | PartialErrorOf<'setMany' | 'deleteMany', undefined>
    | PartialErrorOf<'batch', undefined>

  /** The {@link PartialError} of one operation. */
  interface PartialErrorOf<Operation extends RedKVOperation, Values> extends RedKVErrorBase {
    /** Always the same, to compare with. */
    readonly code: 'ERR_REDKV_PARTIAL'

    /** The operation that failed. */
    readonly operation: Operation

    /**
     * The keys that failed, as strings, and why. Keys that are not in here succeeded. Of a batch of data structures its
     * operations, by their places: `'0'` is the first one.
     */
    readonly errors: Map<string, RedKVSingleError | RedKVArgumentError>

    /**
     * Of `getMany` and `hasMany` what is known, in the order of the keys; `undefined` for those that failed. Of writes
     * `undefined`.
     */
    readonly values: Values
  }

  /** Whether a write that failed may have been made all the same. */
  type RedKVOutcome = 'not-applied' | 'unknown'

  /** What a {@link RedKVSingleError} is about. */
  interface RedKVErrorDetails {
    store?: StoreName | 'chain' | undefined
    operation?: RedKVOperation | undefined
    field?: string | undefined
    /** @default false */
    retryable?: boolean | undefined
    /** @default 'not-applied' */
    outcome?: RedKVOutcome | undefined
    cause?: unknown
  }

  /** What a {@link PartialError} is about. */
  interface PartialErrorDetails extends RedKVErrorDetails {
    operation: PartialError['operation']
    errors: Map<string, RedKVSingleError | RedKVArgumentError>
    values?: PartialError['values']
  }

  /**
   * The `TypeError` for an argument or option that can never work. Thrown by `addStore` and `addChain`; the operations reject
   * with it.
   *
   * @example
   * ```js
   * try {
   *   kv.addStore('redis', options)
   * } catch (error) {
   *   if (error.code === 'ERR_REDKV_ARGUMENT') console.error(`check ${error.field}: ${error.message}`)
   * }
   * ```
   */
  interface RedKVArgumentError extends TypeError {
    /** Always the same, to compare with. */
    readonly code: 'ERR_REDKV_ARGUMENT'

    /** The option or argument that is wrong. */
    readonly field: string

    /** The name of the store that refused it, where one did. */
    readonly store?: StoreName | 'chain'

    /** What was called, such as `'get'` or `'addStore'`; the constructor is no operation. */
    readonly operation?: RedKVOperation

    /** A wrong argument stays wrong. */
    readonly retryable: false

    /** Nothing was written. */
    readonly outcome: 'not-applied'

    /** The error underneath, where there is one. */
    readonly cause?: Error
  }

  /**
   * A key, field, member or value of data structures: a string, a number or bigint as `String()` writes it, or bytes. A
   * `Uint8Array` is one of them, never a list.
   */
  type StructureValue = string | number | bigint | Uint8Array

  /** One member or field, or several in any iterable. */
  type StructureValues = StructureValue | (Iterable<StructureValue> & object)

  /** Options of reads of data structures. */
  interface StructureReadOptions extends OperationOptions {
    /**
     * Whether values come as `Buffer`s. Needed for what is not UTF-8 text, which rejects with `ERR_REDKV_VALUE` otherwise.
     *
     * @default false
     */
    buffers?: boolean | undefined
  }

  /** Options of {@link StructureOperations.delete | delete()}. */
  interface StructureDeleteOptions extends OperationOptions {
    /**
     * `'value'` leaves the sorted members of the key: on DynamoDB this spares a query. Elsewhere one request deletes whatever
     * a key holds, and this has no effect.
     *
     * @default whatever the key holds
     */
    of?: 'value' | undefined
  }

  /** Options of ranges by members. */
  interface StructureRangeOptions extends StructureReadOptions {
    /**
     * How many to return at most.
     *
     * @default all of them
     */
    limit?: number | undefined

    /**
     * From the last to the first: exactly the other order, ties included. `min` and `max` stay as they are.
     *
     * @default false
     */
    reverse?: boolean | undefined
  }

  /** Options of ranges by score. */
  interface StructureScoreRangeOptions extends StructureRangeOptions {
    /**
     * Whether to return the scores too, as {@link ScoredValue}s.
     *
     * @default false
     */
    withScores?: boolean | undefined
  }

  /** Options of an iteration by score. */
  interface ScoreIterationOptions extends StructureReadOptions {
    /** @default 'score' */
    by?: 'score' | undefined
    /** @default -Infinity */
    min?: number | undefined
    /** @default Infinity */
    max?: number | undefined
    /** @default false */
    reverse?: boolean | undefined
  }

  /** Options of an iteration by members. */
  interface LexIterationOptions extends StructureReadOptions {
    by: 'lex'
    /** `'-'`, `'[a'` or `'(a'`. @default '-' */
    min?: StructureValue | undefined
    /** `'+'`, `'[z'` or `'(z'`. @default '+' */
    max?: StructureValue | undefined
    /** @default false */
    reverse?: boolean | undefined
  }

  /** A value with its score. */
  interface ScoredValue<Value = string> {
    value: Value
    score: number
  }

  /**
   * The operations on data structures. All but iterations return promises.
   *
   * A key has one kind: a value (or counter), a set, a hash, or sorted members. An operation on a key of another kind rejects
   * with `ERR_REDKV_TYPE` and changes nothing; `set` replaces any kind. A set, hash or sorted set without members is no key.
   * On DynamoDB, sorted members and the other kinds are kept apart only with {@link StructuresCommonOptions.kinds | kinds}.
   */
  interface StructureOperations {
    /**
     * Reads a value as a string, `null` when there is none. A counter is read as decimal text.
     *
     * @example
     * ```js
     * const user = JSON.parse((await db.get('user:1')) ?? 'null')
     * ```
     */
    get(key: StructureValue, options: StructureReadOptions & { buffers: true }): Promise<Buffer | null>
    get(key: StructureValue, options?: StructureReadOptions): Promise<string | null>

    /**
     * Writes a value, whatever the key holds. An integer within 64 bits (a number or bigint) is kept as a number, which only
     * DynamoDB tells from text.
     */
    set(key: StructureValue, value: StructureValue, options?: OperationOptions): Promise<void>

    /** Deletes a key, whatever it holds. Resolves to whether there was one. */
    delete(key: StructureValue, options?: StructureDeleteOptions): Promise<boolean>

    /** Resolves to whether there is such a key, of any kind. */
    has(key: StructureValue, options?: OperationOptions): Promise<boolean>

    /** Writes a value if there is no such key, of any kind. Resolves to whether it was written. */
    setNX(key: StructureValue, value: StructureValue, options?: OperationOptions): Promise<boolean>

    /** Writes a value if there is such a key, of any kind. Resolves to whether it was written. */
    setXX(key: StructureValue, value: StructureValue, options?: OperationOptions): Promise<boolean>

    /**
     * Writes a value in place of `expected`. Resolves to whether it was written: not when the value is another one or there is
     * none. The text `'42'` and the number `42` are equal.
     *
     * @example
     * ```js
     * const before = (await db.get('settings')) ?? ''
     * if (!(await db.setEQ('settings', changed(before), before))) throw new Error('somebody else changed it')
     * ```
     */
    setEQ(
      key: StructureValue,
      value: StructureValue,
      expected: StructureValue,
      options?: OperationOptions,
    ): Promise<boolean>

    /**
     * Adds to a counter, which begins at 0, and resolves to the new number: a bigint if `by` is one. A value that is a decimal
     * integer is a counter.
     *
     * Rejects with `ERR_REDKV_VALUE` and changes nothing when the value is no integer, or the sum leaves 64 bits. With a
     * number it also rejects, after it was added, when the sum is not exact as a JavaScript number (beyond 2^53). Is never
     * sent twice: when the answer is lost it rejects with the {@link RedKVErrorBase.outcome | outcome} `'unknown'`.
     *
     * @param by - A safe integer or a bigint.
     * @defaultValue `by` is 1
     *
     * @example
     * ```js
     * const visits = await db.incrBy('visits')
     * const total = await db.incrBy('bytes', 4_096n)
     * ```
     */
    incrBy(key: StructureValue, by: bigint, options?: OperationOptions): Promise<bigint>
    incrBy(key: StructureValue, by?: number, options?: OperationOptions): Promise<number>

    /** Adds members to a set. */
    sAdd(key: StructureValue, members: StructureValues, options?: OperationOptions): Promise<void>

    /** Removes members of a set; those that are not there do not matter. */
    sRem(key: StructureValue, members: StructureValues, options?: OperationOptions): Promise<void>

    /** Reads all members of a set, in no order. */
    sMembers(key: StructureValue, options: StructureReadOptions & { buffers: true }): Promise<Buffer[]>
    sMembers(key: StructureValue, options?: StructureReadOptions): Promise<string[]>

    /** Resolves to whether a set has a member. */
    sIsMember(key: StructureValue, member: StructureValue, options?: OperationOptions): Promise<boolean>

    /** Resolves to how many members a set has. */
    sCard(key: StructureValue, options?: OperationOptions): Promise<number>

    /** Writes fields of a hash; other fields stay. */
    hSet(
      key: StructureValue,
      field: StructureValue,
      value: StructureValue,
      options?: OperationOptions,
    ): Promise<void>
    hSet(
      key: StructureValue,
      fields: Iterable<readonly [StructureValue, StructureValue]> & object,
      options?: OperationOptions,
    ): Promise<void>
    hSet<Fields extends StructureFieldsOf<Fields>>(
      key: StructureValue,
      fields: Fields,
      options?: OperationOptions,
    ): Promise<void>

    /** Reads a field of a hash, `null` when there is none. */
    hGet(
      key: StructureValue,
      field: StructureValue,
      options: StructureReadOptions & { buffers: true },
    ): Promise<Buffer | null>
    hGet(key: StructureValue, field: StructureValue, options?: StructureReadOptions): Promise<string | null>

    /** Reads all fields of a hash, as an object without a prototype; empty when there is no such key. */
    hGetAll(key: StructureValue, options: StructureReadOptions & { buffers: true }): Promise<Record<string, Buffer>>
    hGetAll(key: StructureValue, options?: StructureReadOptions): Promise<Record<string, string>>

    /** Deletes fields of a hash; those that are not there do not matter. */
    hDel(key: StructureValue, fields: StructureValues, options?: OperationOptions): Promise<void>

    /** Puts a member into a sorted set, or gives it another score. `NaN` is refused; `-0` is `0`. */
    zAdd(key: StructureValue, member: StructureValue, score: number, options?: OperationOptions): Promise<void>

    /**
     * Puts a field into a sorted hash: `member` is what ranges of `zh…` return, `field` is what it is found by. A field that is
     * there gets the new member and score. `-0` is `0`.
     */
    zhAdd(
      key: StructureValue,
      field: StructureValue,
      member: StructureValue,
      score: number,
      options?: OperationOptions,
    ): Promise<void>

    /** Removes members of a sorted set; those that are not there do not matter. */
    zRem(key: StructureValue, members: StructureValues, options?: OperationOptions): Promise<void>

    /** Removes fields of a sorted hash; those that are not there do not matter. */
    zhRem(key: StructureValue, fields: StructureValues, options?: OperationOptions): Promise<void>

    /** Resolves to how many members or fields there are. */
    zCard(key: StructureValue, options?: OperationOptions): Promise<number>

    /** Reads the score of a member, or of a field; `null` when it is not there. */
    zScore(key: StructureValue, member: StructureValue, options?: OperationOptions): Promise<number | null>

    /** Adds to the score of a member, which begins at 0, and resolves to the new one. Is never sent twice. */
    zIncrBy(key: StructureValue, member: StructureValue, by: number, options?: OperationOptions): Promise<number>

    /** Counts the members with a score from `min` to `max`, both included. */
    zCount(key: StructureValue, min: number, max: number, options?: OperationOptions): Promise<number>

    /** Counts members by their bytes: `'[a'` includes `a`, `'(a'` does not, `'-'` and `'+'` are the ends. */
    zLexCount(
      key: StructureValue,
      min: StructureValue,
      max: StructureValue,
      options?: OperationOptions,
    ): Promise<number>

    /**
     * Lists members with a score from `min` to `max`, both included, by score and then by bytes.
     *
     * @example
     * ```js
     * const best = await db.zRangeByScore('scores', -Infinity, Infinity, { reverse: true, limit: 10, withScores: true })
     * ```
     */
    zRangeByScore(
      key: StructureValue,
      min: number,
      max: number,
      options: StructureScoreRangeOptions & { withScores: true; buffers: true },
    ): Promise<ScoredValue<Buffer>[]>
    zRangeByScore(
      key: StructureValue,
      min: number,
      max: number,
      options: StructureScoreRangeOptions & { withScores: true },
    ): Promise<ScoredValue[]>
    zRangeByScore(
      key: StructureValue,
      min: number,
      max: number,
      options: StructureScoreRangeOptions & { buffers: true },
    ): Promise<Buffer[]>
    zRangeByScore(
      key: StructureValue,
      min: number,
      max: number,
      options?: StructureScoreRangeOptions,
    ): Promise<string[]>

    /** As {@link StructureOperations.zRangeByScore | zRangeByScore()}, but returns what fields of a sorted hash hold. */
    zhRangeByScore(
      key: StructureValue,
      min: number,
      max: number,
      options: StructureScoreRangeOptions & { withScores: true; buffers: true },
    ): Promise<ScoredValue<Buffer>[]>
    zhRangeByScore(
      key: StructureValue,
      min: number,
      max: number,
      options: StructureScoreRangeOptions & { withScores: true },
    ): Promise<ScoredValue[]>
    zhRangeByScore(
      key: StructureValue,
      min: number,
      max: number,
      options: StructureScoreRangeOptions & { buffers: true },
    ): Promise<Buffer[]>
    zhRangeByScore(
      key: StructureValue,
      min: number,
      max: number,
      options?: StructureScoreRangeOptions,
    ): Promise<string[]>

    /**
     * Lists members by their bytes: `'[a'` includes `a`, `'(a'` does not, `'-'` and `'+'` are the ends. All members should have
     * one score; with different scores the order is that of the backend.
     */
    zRangeByLex(
      key: StructureValue,
      min: StructureValue,
      max: StructureValue,
      options: StructureRangeOptions & { buffers: true },
    ): Promise<Buffer[]>
    zRangeByLex(
      key: StructureValue,
      min: StructureValue,
      max: StructureValue,
      options?: StructureRangeOptions,
    ): Promise<string[]>

    /** As {@link StructureOperations.zRangeByLex | zRangeByLex()}, but returns what fields of a sorted hash hold. */
    zhRangeByLex(
      key: StructureValue,
      min: StructureValue,
      max: StructureValue,
      options: StructureRangeOptions & { buffers: true },
    ): Promise<Buffer[]>
    zhRangeByLex(
      key: StructureValue,
      min: StructureValue,
      max: StructureValue,
      options?: StructureRangeOptions,
    ): Promise<string[]>

    /**
     * Lists a sorted set page by page, as you ask for more. A member that is there all the time comes once, one that comes,
     * goes or moves meanwhile may come or not.
     *
     * @example
     * ```js
     * for await (const { value, score } of db.zIterate('scores')) console.log(value, score)
     * ```
     */
    zIterate(
      key: StructureValue,
      options: (ScoreIterationOptions | LexIterationOptions) & { buffers: true },
    ): AsyncGenerator<ScoredValue<Buffer>, void, void>
    zIterate(
      key: StructureValue,
      options?: ScoreIterationOptions | LexIterationOptions,
    ): AsyncGenerator<ScoredValue, void, void>

    /** As {@link StructureOperations.zIterate | zIterate()}, but returns what fields of a sorted hash hold. */
    zhIterate(
      key: StructureValue,
      options: (ScoreIterationOptions | LexIterationOptions) & { buffers: true },
    ): AsyncGenerator<ScoredValue<Buffer>, void, void>
    zhIterate(
      key: StructureValue,
      options?: ScoreIterationOptions | LexIterationOptions,
    ): AsyncGenerator<ScoredValue, void, void>
  }

  /** An object of fields with their values, also of an `interface`. */
  type StructureFieldsOf<Fields> = object & { readonly [Field in keyof Fields]: StructureValue }

  /**
   * Operations that are sent together by {@link StructuresBatch.exec | exec()}. Made by {@link Structures.batch | batch()}.
   *
   * What is queued is kept as it is then: bytes, lists and objects may be used again before it is sent. An iterator is read
   * when it is sent.
   *
   * The promises settle after `exec()`. A batch that is garbage-collected without it emits one warning in the life of a
   * process, a `RedKVWarning`.
   *
   * The error of an operation has the stack of where it was queued, as long as no more than about 1,000 a second are queued;
   * beyond that, of `exec()`.
   */
  interface StructuresBatch extends Omit<StructureOperations, 'zIterate' | 'zhIterate'> {
    /**
     * Sends the operations, and resolves when all are answered. Those of one key take effect in their order. The promises of
     * the operations settle only after this was called: awaiting one before waits for ever.
     *
     * Rejects with `ERR_REDKV_PARTIAL` when some (or all) failed, with `errors` by their place in the batch: an operation
     * that failed fails alone. A batch is sent once. It takes no options: each operation has its own, such as `signal`.
     */
    exec(): Promise<void>
  }

  /** Tells about one operation of an atomic write. */
  interface AtomicOperation {
    /** Whether its condition did not hold; known when {@link StructuresAtomicWrite.exec | exec()} has resolved to `false`. */
    readonly conditionalFailed: boolean
  }

  /** Options of {@link StructuresAtomicWrite.exec | exec()}. */
  interface AtomicWriteOptions extends OperationOptions {
    /**
     * How often it is tried again when it met another write, from 0 to 100.
     *
     * @default {@link StructuresCommonOptions.retries | retries} of the constructor
     */
    retries?: number | undefined
  }

  /**
   * Writes that are made together or not at all: up to 100 operations. Made by {@link Structures.atomicWrite | atomicWrite()}.
   *
   * Operations of one key, field or member are merged where that has a meaning (`sAdd` and `sAdd`, `sRem` and `sRem`, `incrBy`
   * and `incrBy`, `hSet`, `hSetNX` and `hDel` of different fields); other pairs are refused before anything is sent.
   *
   * What is queued is kept as it is then: bytes, lists and objects may be used again before it is sent. A list that is none
   * throws where it is queued; everything else that is wrong rejects `exec()`, which says which operation it is.
   *
   * @example
   * ```js
   * const write = db.atomicWrite()
   * const name = write.setNX('name:ada', '1')
   * write.hSet('user:1', { name: 'ada' })
   * write.zAdd('users', 'ada', 0)
   * if (!(await write.exec()) && name.conditionalFailed) throw new Error('the name is taken')
   * ```
   */
  interface StructuresAtomicWrite {
    /** Writes a value. */
    set(key: StructureValue, value: StructureValue): AtomicOperation
    /** Writes a value, on the condition that there is no such key. */
    setNX(key: StructureValue, value: StructureValue): AtomicOperation
    /** Writes a value, on the condition that there is such a key. */
    setXX(key: StructureValue, value: StructureValue): AtomicOperation
    /** Writes a value, on the condition that `expected` is there. */
    setEQ(key: StructureValue, value: StructureValue, expected: StructureValue): AtomicOperation
    /** Deletes a key. */
    delete(key: StructureValue): AtomicOperation
    /** Deletes a key, on the condition that there is one. */
    deleteXX(key: StructureValue): AtomicOperation
    /** Adds to a counter. @defaultValue `by` is 1 */
    incrBy(key: StructureValue, by?: number | bigint): AtomicOperation
    /** Puts a member into a sorted set. */
    zAdd(key: StructureValue, member: StructureValue, score: number): AtomicOperation
    /** Puts a member into a sorted set, on the condition that it is not there. */
    zAddNX(key: StructureValue, member: StructureValue, score: number): AtomicOperation
    /** Removes a member of a sorted set. */
    zRem(key: StructureValue, member: StructureValue): AtomicOperation
    /** Puts a field into a sorted hash. */
    zhAdd(key: StructureValue, field: StructureValue, member: StructureValue, score: number): AtomicOperation
    /** Removes a field of a sorted hash. */
    zhRem(key: StructureValue, field: StructureValue): AtomicOperation
    /** Adds members to a set. */
    sAdd(key: StructureValue, members: StructureValues): AtomicOperation
    /** Removes members of a set. */
    sRem(key: StructureValue, members: StructureValues): AtomicOperation
    /** Writes fields of a hash. */
    hSet(key: StructureValue, field: StructureValue, value: StructureValue): AtomicOperation
    hSet(key: StructureValue, fields: Iterable<readonly [StructureValue, StructureValue]> & object): AtomicOperation
    hSet<Fields extends StructureFieldsOf<Fields>>(key: StructureValue, fields: Fields): AtomicOperation
    /** Writes a field of a hash, on the condition that it is not there. */
    hSetNX(key: StructureValue, field: StructureValue, value: StructureValue): AtomicOperation
    /** Deletes fields of a hash. */
    hDel(key: StructureValue, fields: StructureValues): AtomicOperation

    /**
     * Makes all writes, or none. Resolves to `true`, or to `false` when a condition does not hold: then nothing was written,
     * and each {@link AtomicOperation.conditionalFailed | conditionalFailed} says whether it was that one. Without operations it
     * is `true`.
     *
     * Rejects with `ERR_REDKV_TYPE` when a key has another kind, whatever the conditions are, and with `ERR_REDKV_VALUE` when a
     * counter does not count: the message says which operation it is. Rejects with `ERR_REDKV_CONFLICT`,
     * retryable, when it met other writes again and again. Is sent once; a `signal` that is aborted before keeps it unsent.
     */
    exec(options?: AtomicWriteOptions): Promise<boolean>
  }

  /**
   * Data structures on one API: values with conditions, counters, sets, hashes, sorted sets and atomic writes, in the memory of
   * the process, Redis, DynamoDB or SQLite. On Redis and DynamoDB the data are those of the Go package `keyvaluestore`.
   *
   * They have no time to live: for what ends, use a chain.
   *
   * @example
   * ```js
   * const db = new Structures('dynamodb', { tableName: 'app' }, { timeout: 500 })
   * await db.createTable()
   * await db.zAdd('scores', 'ada', 42)
   * ```
   */
  class Structures<Name extends string = string> extends EventEmitter {
    /**
     * Makes data structures. Connects in the background: {@link Structures.ready | ready()} reports the result.
     *
     * @param name - The backend, in any case.
     * @param options - Those of the store of that name, and {@link StructuresCommonOptions}.
     * @param policy - Deadlines, the circuit breaker, a prefix, and bounds.
     * @throws `TypeError` with the code `ERR_REDKV_ARGUMENT` and the name of the `field` when there is no such backend, or an
     * option is missing, unknown or wrong.
     */
    constructor(
      name: Lowercase<Name> extends keyof StructuresOptions ? Name : keyof StructuresOptions,
      ...args: StructuresArguments<Lowercase<Name> & keyof StructuresOptions>
    )

    /**
     * Makes the table of the format if it is missing, and waits until it can be used: on DynamoDB (billed by request) and
     * SQLite. Elsewhere it does nothing. Needs no {@link Structures.ready | ready()}.
     */
    createTable(options?: OperationOptions): Promise<void>

    /** Waits until the backend is usable. Calling it is optional. */
    ready(options?: OperationOptions): Promise<void>

    /** Begins a batch: operations that are sent together, and answered one by one. */
    batch(): StructuresBatch

    /** Begins an atomic write: all of it is made, or nothing. */
    atomicWrite(): StructuresAtomicWrite

    /**
     * Returns the same data structures with reads that may return what was there a moment ago: on DynamoDB they cost half.
     * Elsewhere they are as before.
     */
    eventuallyConsistent(): StructureOperations & { batch(): StructuresBatch }

    /**
     * Returns the same data structures with a read cache in front of them, in the memory of this process.
     *
     * @throws `TypeError` with the code `ERR_REDKV_ARGUMENT` and the name of the `field` when an option is unknown or wrong.
     *
     * @example
     * ```js
     * const cached = db.cached({ maxEntries: 50_000, ttl: '1m' })
     * await cached.hGetAll('user:1') // asks
     * await cached.hGet('user:1', 'name') // is answered from memory
     * ```
     */
    cached(options?: StructuresCacheOptions | null): CachedStructures

    /** Returns what was done since it was made. All numbers are totals that only grow, but for what is pending or down. */
    stats(): StructuresStats

    /** Lets what was called before finish, then ends all connections, as {@link RedKV.close} does. */
    close(options?: CloseOptions): Promise<void>

    /** Adds a listener for one of the {@link StructuresEvents}. */
    on<Event extends keyof StructuresEvents>(name: Event, listener: (event: StructuresEvents[Event]) => void): this

    /** As {@link Structures.on | on()}, for the next event only. */
    once<Event extends keyof StructuresEvents>(name: Event, listener: (event: StructuresEvents[Event]) => void): this

    /** Takes away a listener. */
    off<Event extends keyof StructuresEvents>(name: Event, listener: (event: StructuresEvents[Event]) => void): this

    /** Does what {@link Structures.close | close()} does, for `await using`. */
    [Symbol.asyncDispose](): Promise<void>
  }

  interface Structures extends StructureOperations {}

  /**
   * Data structures with a read cache in front of them: what {@link Structures.cached | cached()} returns.
   *
   * It keeps answers within its bounds, also that there is nothing, but no errors, and no pages of iterations. A range is cut to
   * a smaller limit, and asked anew for a larger one; a field of a hash, and whether a set has a member, are answered from
   * what `hGetAll()` and `sMembers()` returned. What it has it answers also while the backend is down.
   *
   * It forgets a key when that is written through it, through the data structures that it is in front of, through another
   * cache of these or a chain with them, whether the write worked or not; reads that were on their way are not kept. For 10
   * seconds after a write whose outcome is unknown nothing of its key is kept. **Writes of other programs it does not see**
   * before {@link CachedStructures.invalidate | invalidate()} or the end of the `ttl`.
   *
   * What a read of {@link CachedStructures.eventuallyConsistent | eventuallyConsistent()} returned answers no consistent read. It
   * is not kept within 2 seconds of a write, of `invalidate()` and of `clear()`, as it may be older than that.
   *
   * It ends when the data structures are closed.
   */
  interface CachedStructures extends StructureOperations, EventEmitter {
    /** Begins a batch: operations that are sent together, and answered one by one. */
    batch(): StructuresBatch

    /** Begins an atomic write: all of it is made, or nothing. */
    atomicWrite(): StructuresAtomicWrite

    /** Returns the same, cache included, with reads that may return what was there a moment ago. */
    eventuallyConsistent(): StructureOperations & { batch(): StructuresBatch }

    /** Forgets what it has of a key, at once: what is called after this is asked anew. For keys that others have written. */
    invalidate(key: StructureValue): void

    /** Forgets all that it has. */
    clear(): void

    /** Returns what was done through it and through the data structures it is in front of, and what its cache did. */
    stats(): CachedStructuresStats

    /** Adds a listener for one of the {@link CachedStructuresEvents}. */
    on<Event extends keyof CachedStructuresEvents>(
      name: Event,
      listener: (event: CachedStructuresEvents[Event]) => void,
    ): this

    /** As {@link CachedStructures.on | on()}, for the next event only. */
    once<Event extends keyof CachedStructuresEvents>(
      name: Event,
      listener: (event: CachedStructuresEvents[Event]) => void,
    ): this

    /** Takes away a listener. */
    off<Event extends keyof CachedStructuresEvents>(
      name: Event,
      listener: (event: CachedStructuresEvents[Event]) => void,
    ): this
  }

  /** The events of a read cache. */
  interface CachedStructuresEvents {
    /**
     * A write through the cache, its data structures or another cache of these has ended, however it did, or
     * {@link CachedStructures.invalidate | invalidate()} or {@link CachedStructures.clear | clear()} was called: for telling
     * other processes. Writes of a chain with these data structures are not among them.
     */
    invalidate: StructuresInvalidateEvent
  }

  /** Keys that a cache has forgotten. */
  interface StructuresInvalidateEvent {
    /** The keys as they were given; `undefined` for all of them. */
    readonly keys: readonly StructureValue[] | undefined
  }

  /** Statistics of data structures with a cache. */
  interface CachedStructuresStats extends StructuresStats {
    /** What the cache did, and what it has. */
    readonly cache: {
      /** Reads that it answered. */
      readonly hits: number
      /** Reads that it could have answered, and asked the backend for. */
      readonly misses: number
      /** Keys of which it has answers now. */
      readonly entries: number
      /** Bytes that it has now. */
      readonly bytes: number
    }
  }

  /** The events of data structures; each is also a channel of `node:diagnostics_channel`, as `redkv:request`. */
  interface StructuresEvents {
    /** The backend failed so often in a row that it is not asked until a probe succeeds. */
    tierDown: TierDownEvent
    /** A probe of a backend that was down succeeded. */
    tierUp: TierUpEvent
    /** A request was made: each one, for profiling. Reported from the first listener on; `memory` makes none. */
    request: StructuresRequestEvent
  }

  /** A request of a backend. */
  interface StructuresRequestEvent {
    /** The backend. */
    readonly store: StructuresName
    /** Its name in the interface of the server, such as `'Query'`; of Redis `'pipeline'`, of SQLite `'read'` or `'write'`. */
    readonly operation: string
    /** How long it took, in milliseconds. */
    readonly duration: number
    /** The capacity units of DynamoDB that it consumed. */
    readonly units?: number | undefined
  }

  /** Statistics of data structures. */
  interface StructuresStats {
    /** What the policy `name` says. */
    readonly name?: string
    /** The backend. */
    readonly store: StructuresName
    /** Operations that are pending. */
    readonly pending: number
    /** Bytes that were given for them. */
    readonly pendingBytes: number
    /** Whether it is not asked because it failed too often in a row. */
    readonly isDown: boolean
    /** Operations that were refused because it was down. */
    readonly refused: number
    /** How many operations failed, by their codes. */
    readonly errors: { readonly [code: string]: number }
    /** Requests: round trips; of SQLite transactions. */
    readonly requests: number
    /** Commands of Redis in them, or statements of SQLite. */
    readonly commands: number
    /** Read capacity units of DynamoDB. */
    readonly readUnits: number
    /** Write capacity units of DynamoDB. */
    readonly writeUnits: number
    /** By operation, those that were called. */
    readonly operations: { readonly [Operation in RedKVStructureOperation]?: StructureStats }
  }

  /** Statistics of one operation. */
  interface StructureStats {
    /** How often it was made. */
    readonly calls: number
    /** How often it failed. */
    readonly errors: number
    /** How long it took. */
    readonly latency: Latency
  }

  /** The options of each backend of data structures. */
  interface StructuresOptions {
    memory: StructuresCommonOptions
    redis: RedisOptions & StructuresCommonOptions
    dynamodb: DynamoDBStructuresOptions & StructuresCommonOptions
    sqlite: SQLiteStructuresOptions & StructuresCommonOptions
  }

  /** The names of the backends of data structures. */
  type StructuresName = keyof StructuresOptions

  /** The names of backends that cannot do without options. */
  type StructuresNameWithRequiredOptions = {
    [Name in StructuresName]: {} extends StructuresOptions[Name] ? never : Name
  }[StructuresName]

  /** What the constructor takes after the name: options, where one of them is required, and a policy. */
  type StructuresArguments<Name extends StructuresName> = Extract<Name, StructuresNameWithRequiredOptions> extends never
    ? [options?: StructuresOptions[Name] | null | undefined, policy?: StructuresPolicy | null | undefined]
    : [options: StructuresOptions[Name], policy?: StructuresPolicy | null | undefined]

  /** Deadlines, the circuit breaker, a prefix and bounds, as a chain has them. */
  interface StructuresPolicy
    extends Pick<TierOptions, 'timeout' | 'connectTimeout' | 'circuitBreaker' | 'prefix'>,
      Pick<RedKVOptions, 'name' | 'maxPending' | 'maxPendingBytes'> {}

  /** What was called on data structures when something failed. */
  type RedKVStructureOperation =
    | keyof StructureOperations
    | 'createTable'
    | 'batch'
    | 'atomicWrite'
    | 'deleteXX'
    | 'zAddNX'
    | 'hSetNX'
    | 'addStructures'

  /**
   * A lease that was taken: an election, or an optimisation. At most one process holds a name at a time, as far as time goes: it is
   * **no mutex** for data whose store does not check the {@link Lease.token | token}.
   *
   * It is renewed at a third of its life while the event loop turns. It is given back by {@link Lease.release | release()}, by
   * `close()` of its instance, when the process ends by itself, and at SIGINT and SIGTERM, which then go on as they would
   * have; a process that dies holds it for the rest of its life. It keeps no idle process alive.
   */
  interface Lease {
    /** Its name. */
    readonly name: string

    /** Grows with every holder, also after the store has lost it. For what the holder writes elsewhere. */
    readonly token: bigint

    /**
     * Aborts as soon as it cannot be proven any more that the lease is held: its life is over by the monotonic clock of this
     * process, counted from before it was asked for, or another one holds it. The `reason` has the code
     * `ERR_REDKV_LEASE_LOST`. A release does not abort it.
     */
    readonly lost: AbortSignal

    /** Gives the lease back, if it is still held. */
    release(): Promise<void>

    /** Does what {@link Lease.release | release()} does, for `await using`. */
    [Symbol.asyncDispose](): Promise<void>
  }

  /** Options of {@link RedKV.lease | lease()}. */
  interface LeaseOptions extends OperationOptions {
    /**
     * Its life, unless it is renewed: 100 ms to 24 hours.
     *
     * @default '10s'
     */
    ttl?: Duration | undefined
    /**
     * How long to wait for a lease that another one holds, by asking again and again.
     *
     * @default false
     */
    wait?: false | Duration | undefined
  }

  /**
   * A table of versioned records, for optimistic locking: in DynamoDB, SQLite or the memory of the process. On DynamoDB the data, and
   * the tokens of pages, are those of the Go package `dynastore`.
   *
   * @example
   * ```js
   * const table = new Records('dynamodb', { tableName: 'CRMTable' }, { timeout: '2s' })
   * await table.createTable()
   * const customers = table.partition('customers')
   * const ada = await customers.atomicPut('ada', '{"name":"Ada"}')
   * await customers.atomicPut('ada', '{"name":"Ada L."}', { previous: ada })
   * ```
   */
  class Records<Name extends string = string> extends EventEmitter {
    /**
     * Makes a table of records. Connects in the background: {@link Records.ready | ready()} reports the result.
     *
     * @param name - The backend, in any case.
     * @param options - Those of the store of that name.
     * @param policy - Deadlines, the circuit breaker, and bounds.
     * @throws `TypeError` with the code `ERR_REDKV_ARGUMENT` and the name of the `field` when there is no such backend, or an
     * option is missing, unknown or wrong.
     */
    constructor(
      name: Lowercase<Name> extends keyof RecordsOptions ? Name : keyof RecordsOptions,
      ...args: RecordsArguments<Lowercase<Name> & keyof RecordsOptions>
    )

    /**
     * Returns a partition: records with keys of their own. It exists as soon as it has a record; asks nothing.
     *
     * @param name - 1 to 2,048 bytes of UTF-8.
     */
    partition(name: string): Partition

    /**
     * Makes the table if it is missing, with what the options say, and waits until it can be used. To a table that is there it
     * adds the global indexes that are missing, and on SQLite and in memory the local ones, too; DynamoDB cannot add those
     * later, so this rejects. Needs no {@link Records.ready | ready()}.
     */
    createTable(options?: (RecordsTableOptions & OperationOptions) | null): Promise<void>

    /** Waits until the table is usable. Calling it is optional. */
    ready(options?: OperationOptions): Promise<void>

    /** Returns what was done since it was made. All numbers are totals that only grow, but for what is pending or down. */
    stats(): RecordsStats

    /**
     * Lets what was called before finish, then ends all connections, as {@link RedKV.close} does. Of `update()` and `list()` that is
     * the read or write that they are at: the next one rejects with `ERR_REDKV_CLOSED`.
     */
    close(options?: CloseOptions): Promise<void>

    /** Adds a listener for one of the {@link RecordsEvents}. */
    on<Event extends keyof RecordsEvents>(name: Event, listener: (event: RecordsEvents[Event]) => void): this

    /** As {@link Records.on | on()}, for the next event only. */
    once<Event extends keyof RecordsEvents>(name: Event, listener: (event: RecordsEvents[Event]) => void): this

    /** Takes away a listener. */
    off<Event extends keyof RecordsEvents>(name: Event, listener: (event: RecordsEvents[Event]) => void): this

    /** Does what {@link Records.close | close()} does, for `await using`. */
    [Symbol.asyncDispose](): Promise<void>
  }

  /**
   * Records under one name: what {@link Records.partition | partition()} returns.
   *
   * A record that has expired is absent for every operation. What is written in its place is a new record, with nothing of it but
   * the version, which goes on growing, so that no handle to the old one matches.
   *
   * Calls for one record take effect in the order in which they are made. A write that failed with the `outcome` `'unknown'` may
   * have been made; it is never sent twice.
   */
  interface Partition {
    /** Its name. */
    readonly name: string

    /**
     * Writes a record, whatever is there: its version grows by one. What is not given stays as it is, but for the expiry, which
     * is taken away unless `ttl` or `keepTtl` is given.
     *
     * @param key - 1 to 1,024 bytes of UTF-8.
     * @param value - A string, or bytes, which are stored as base64.
     * @returns The record as it was written.
     */
    put(key: string, value?: string | Uint8Array, options?: RecordWriteOptions): Promise<VersionedRecord>

    /** Reads a record; `null` where there is none. The reads of one turn of the event loop go together. */
    get(key: string, options?: RecordReadOptions): Promise<VersionedRecord | null>

    /**
     * Reads records, in the order of their keys; `null` where there is none. Rejects with a {@link RecordsPartialError} when some of
     * them cannot be read.
     */
    getMany(keys: Iterable<string>, options?: RecordReadOptions): Promise<(VersionedRecord | null)[]>

    /** Looks whether there is a record. */
    exists(key: string, options?: RecordReadOptions): Promise<boolean>

    /** Deletes a record. Where there is none it does nothing. */
    delete(key: string, options?: OperationOptions): Promise<void>

    /**
     * Without `previous`: writes a record where none is, or rejects with `ERR_REDKV_EXISTS`. With it: changes the record as
     * {@link Partition.put | put()} does if it still has the version of `previous`, or rejects with `ERR_REDKV_MODIFIED`. The
     * error has the {@link RedKVSingleError.record | record} that is there now.
     */
    atomicPut(key: string, value?: string | Uint8Array, options?: AtomicPutOptions): Promise<VersionedRecord>

    /**
     * Deletes a record if it still has the version of `previous`, or rejects with `ERR_REDKV_MODIFIED`, or with
     * `ERR_REDKV_NOT_FOUND` where there is none.
     */
    atomicDelete(key: string, previous: PreviousRecord, options?: OperationOptions): Promise<void>

    /**
     * Reads a record, calls `change` with it, and writes what that returns by {@link Partition.atomicPut | atomicPut()}, so the expiry
     * is taken away unless `ttl` or `keepTtl` is returned. When somebody else wrote meanwhile, it begins again after a pause. `change`
     * may be called many times, so it should do nothing else.
     *
     * @param change - Returns the new value, or `{ value, fields, ttl, keepTtl }`, or `undefined` to change nothing. May be async.
     * @returns The record as it was written, or as it was read where nothing was changed.
     *
     * @example
     * ```js
     * await customers.update('visits', (record) => String(Number(record?.value ?? 0) + 1))
     * ```
     */
    update(
      key: string,
      change: (record: VersionedRecord | null) => RecordChange | undefined | Promise<RecordChange | undefined>,
      options?: RecordUpdateOptions,
    ): Promise<VersionedRecord | null>

    /**
     * Lists some of the records whose keys begin with `prefix`, in the order of the bytes of their keys. With an index it is the
     * value of its sort key that begins with `prefix`, and gives the order.
     *
     * A page has `limit` records unless the end is reached, or many thousands in a row have expired on DynamoDB. The last page may be
     * empty: the list ends where `next` is `null`.
     */
    listPage(prefix?: string, options?: RecordListOptions): Promise<RecordPage>

    /**
     * Lists all records whose keys begin with `prefix`, as {@link Partition.listPage | listPage()} does, page by page: the next one
     * is read while you work on the one before. `limit` is the size of a page, and never ends the iteration.
     *
     * A record that is there all the time comes once; one that comes or goes meanwhile may come or not. One that moves in an index
     * may also come again: a loop that moves records forward in it may never end.
     *
     * @example
     * ```js
     * for await (const { key, value } of customers.list('a')) console.log(key, value)
     * ```
     */
    list(prefix?: string, options?: RecordListOptions): AsyncGenerator<VersionedRecord, void, void>
  }

  /** A record as it was read or written. It does not change. */
  interface VersionedRecord {
    /** The name of its partition. */
    readonly partition: string
    /** Its key. */
    readonly key: string
    /** Begins at 1, and grows by one with each write. What another program wrote without a version is at 0. */
    readonly version: number
    /** When it expires; `null` if it does not. */
    readonly expires: Date | null
    /** Its value; of bytes their base64. `null` if none was ever written. */
    readonly value: string | null
    /** Its fields, without a prototype. */
    readonly fields: Readonly<Record<string, string>>
    /** The bytes of a value that is base64; `null` where it is not. */
    buffer(): Buffer | null
  }

  /** What says which version of a record is meant: a {@link VersionedRecord}, or its parts. */
  type PreviousRecord = Pick<VersionedRecord, 'partition' | 'key' | 'version'>

  /** What becomes of a record. */
  type RecordChange = string | Uint8Array | ({ value?: string | Uint8Array | undefined } & RecordChangeOptions)

  /** Options of a read of records. */
  interface RecordReadOptions extends OperationOptions {
    /**
     * `false` allows to return what was there a moment ago: on DynamoDB that costs half.
     *
     * @default true
     */
    consistent?: boolean | undefined
  }

  /** What is written besides the value. */
  interface RecordChangeOptions {
    /**
     * How long the record lives, in milliseconds or as text such as `'1h'`, rounded up to whole seconds.
     *
     * @default until it is deleted
     */
    ttl?: Duration | undefined
    /**
     * Fields to write, by their names; `null` removes one. At most 250, none of them `id`, `name`, `version`, `expires` or `payload`.
     *
     * @default all stay as they are
     */
    fields?: { readonly [name: string]: string | null } | Iterable<readonly [string, string | null]> | undefined
    /**
     * Whether the expiry of a record that is there stays as it is. Cannot be given with `ttl`.
     *
     * @default false
     */
    keepTtl?: boolean | undefined
  }

  /** Options of a write of a record. */
  interface RecordWriteOptions extends RecordChangeOptions, OperationOptions {}

  /** Options of {@link Partition.atomicPut | atomicPut()}. */
  interface AtomicPutOptions extends RecordWriteOptions {
    /**
     * The record as it was read or written before.
     *
     * @default there must be none
     */
    previous?: PreviousRecord | undefined
  }

  /** Options of {@link Partition.update | update()}. */
  interface RecordUpdateOptions extends OperationOptions {
    /**
     * How often it is tried again after a conflict, with growing pauses, before it rejects with `ERR_REDKV_MODIFIED`: 0 to 1,000.
     *
     * @default 10
     */
    retries?: number | undefined
  }

  /** Options of {@link Partition.listPage | listPage()} and {@link Partition.list | list()}. */
  interface RecordListOptions extends OperationOptions {
    /**
     * The most records of a page: 1 to 1,000,000.
     *
     * @default as many as the backend brings at a time: DynamoDB 1 MB, the others 1,000
     */
    limit?: number | undefined
    /**
     * The token of the page before: its {@link RecordPage.next | next}. Tokens are checked, and may come from anybody.
     *
     * @default from the first one
     */
    after?: string | undefined
    /**
     * Whether from the last to the first.
     *
     * @default false
     */
    reverse?: boolean | undefined
    /**
     * `false` allows to list what was there a moment ago. With a global index it is always so.
     *
     * @default true
     */
    consistent?: boolean | undefined
    /** The order is that of a local index. Records without its sort key are not listed. */
    localIndex?: RecordsLocalIndex | undefined
    /** Lists the records, of any partition, whose hash key of a global index is the name of this partition. */
    globalIndex?: RecordsGlobalIndex | undefined
  }

  /** Some records of a list. */
  interface RecordPage {
    /** The records, in their order. */
    readonly records: VersionedRecord[]
    /** The token for the next page, which other programs may use as well; `null` after the last one. */
    readonly next: string | null
  }

  /** What {@link Partition.getMany | getMany()} rejects with. Its `errors` are by the keys. */
  interface RecordsPartialError extends PartialErrorOf<'getMany', (VersionedRecord | null | undefined)[]> {}

  /** The events of records. */
  interface RecordsEvents {
    /** The backend failed so often in a row that it is not asked until a probe succeeds. */
    tierDown: TierDownEvent
    /** A probe of a backend that was down succeeded. */
    tierUp: TierUpEvent
    /** A request was made: each one, for profiling. Reported from the first listener on. */
    request: RecordsRequestEvent
  }

  /** A request of a backend of records. */
  interface RecordsRequestEvent {
    /** The backend. */
    readonly store: RecordsName
    /** Its name in the interface of the server, such as `'Query'`; of SQLite `'read'` or `'write'`. */
    readonly operation: string
    /** What was asked of DynamoDB, in the names of its interface, without values. */
    readonly input?: { readonly [name: string]: unknown } | undefined
    /** How long it took, in milliseconds. */
    readonly duration: number
    /** The capacity units of DynamoDB that it consumed. */
    readonly units?: number | undefined
  }

  /** Statistics of records. */
  interface RecordsStats extends Omit<StructuresStats, 'store' | 'operations'> {
    /** The backend. */
    readonly store: RecordsName
    /** By operation, those that were called. `update` counts as what it calls, `getMany` as `get`, `list` as `listPage`. */
    readonly operations: { readonly [Operation in RedKVRecordOperation]?: StructureStats }
  }

  /** The options of each backend of records. */
  interface RecordsOptions {
    memory: Record<string, never>
    dynamodb: DynamoDBRecordsOptions
    sqlite: SQLiteRecordsOptions
  }

  /** The names of the backends of records. */
  type RecordsName = keyof RecordsOptions

  /** The names of backends of records that cannot do without options. */
  type RecordsNameWithRequiredOptions = {
    [Name in RecordsName]: {} extends RecordsOptions[Name] ? never : Name
  }[RecordsName]

  /** What the constructor takes after the name: options, where one of them is required, and a policy. */
  type RecordsArguments<Name extends RecordsName> = Extract<Name, RecordsNameWithRequiredOptions> extends never
    ? [options?: RecordsOptions[Name] | null | undefined, policy?: RecordsPolicy | null | undefined]
    : [options: RecordsOptions[Name], policy?: RecordsPolicy | null | undefined]

  /** Deadlines, the circuit breaker and bounds, as a chain has them. */
  interface RecordsPolicy
    extends Pick<TierOptions, 'timeout' | 'connectTimeout' | 'circuitBreaker'>,
      Pick<RedKVOptions, 'name' | 'maxPending' | 'maxPendingBytes'> {}

  /** What was called on records when something failed. */
  type RedKVRecordOperation = Exclude<keyof Partition, 'name'> | 'createTable'
}

export = RedKV
