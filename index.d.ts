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
 * const redkv = new RedKV()
 * redkv.addStore('memory', { maxEntries: 10_000 }, { ttl: '1m' })
 * redkv.addStore('redis', { url: 'redis://localhost:6379' })
 * await redkv.ready()
 *
 * await redkv.set('user:1', JSON.stringify(user), { ttl: '1h' })
 * await redkv.get('user:1') // from memory
 * await redkv.close()
 * ```
 *
 * It is an `EventEmitter` that tells what happens without a caller who is told of it, see
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
   * const redkv = new RedKV({ maxPending: 100_000 })
   * ```
   */
  constructor(options?: RedKV.RedKVOptions)

  /**
   * Adds a store behind those added before, and returns it, with operations that act on it alone.
   *
   * | name | keeps entries in | options |
   * |---|---|---|
   * | `'memory'` | the memory of this process | {@link RedKV.MemoryOptions} |
   * | `'redis'` | Redis or Valkey | {@link RedKV.RedisOptions} |
   * | `'dynamodb'` | a DynamoDB table | {@link RedKV.DynamoDBOptions}, with `tableName` |
   * | `'sqlite'` | a table of a SQLite database | {@link RedKV.SQLiteOptions}, with `path` |
   * | `'file'` | files of their own in a folder | {@link RedKV.FileOptions}, with `path` |
   * | `'disk'` | a bounded store on a local disk | {@link RedKV.DiskOptions}, with `path` |
   *
   * Returns at once and connects in the background: {@link RedKV.ready | ready()} tells how that went.
   *
   * @param name - The name of the store, in any case.
   * @param args - The options of that store, and {@link RedKV.TierOptions | tier options}: how the chain treats it.
   * @throws `TypeError` with the code `ERR_REDKV_ARGUMENT` and the name of the `field` when there is no such store, or
   * an option is missing, unknown or wrong. {@link RedKV.RedKVError | RedKVError} with the code
   * `ERR_REDKV_UNSUPPORTED` for the tier option `ttl` of a store that cannot let entries end, and with
   * `ERR_REDKV_CLOSED` after `close()`. Options of the clients of 1.x that have no meaning any more give a warning.
   *
   * @example
   * ```js
   * redkv.addStore('memory', { maxEntries: 10_000 }, { ttl: '5m' })
   * redkv.addStore('redis', { url: 'redis://localhost:6379' }, { timeout: 250, optional: true })
   * redkv.addStore('dynamodb', { tableName: 'sessions', ttlAttribute: 'expires' })
   * ```
   */
  addStore<Name extends string>(
    name: Lowercase<Name> extends RedKV.StoreName ? Name : RedKV.StoreName,
    ...args: RedKV.AddStoreArguments<Lowercase<Name> & RedKV.StoreName>
  ): RedKV.Store

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
   * await redkv.ready() // finds a wrong password when the service starts, not with its first request
   * ```
   */
  ready(options?: RedKV.OperationOptions): Promise<void>

  /**
   * Lets what was called before finish, then ends all connections. From the call on everything else is refused with
   * the code `ERR_REDKV_CLOSED`. Calling it again is harmless and waits for the same end.
   *
   * With a `timeout` it waits no longer than that: what is still pending then is rejected with `ERR_REDKV_CLOSED`, and
   * the stores are closed under it. Without one the deadlines of the stores bound it.
   *
   * An idle process exits by itself, so a script that forgets this does not hang.
   *
   * @example
   * ```js
   * process.once('SIGTERM', () => redkv.close({ timeout: '5s' }))
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
   * redkv.on('tierDown', ({ store, error }) => logger.warn(`${store} is left out: ${error.message}`))
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
   * await using redkv = new RedKV()
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
  type Entries = (Iterable<readonly [Key, Value]> & object) | { readonly [key: string]: Value }

  /** Options of an instance: how much may be on its way at a time. */
  interface RedKVOptions {
    /**
     * How many operations may be pending at a time, one for each key. A call that does not fit is refused at once, as a
     * whole, with `ERR_REDKV_OVERLOAD`. What memory answers at once does not count.
     *
     * @default 1_000_000
     */
    maxPending?: number | undefined

    /**
     * How many bytes of keys and values may be handed in with operations that are pending at a time. Otherwise as
     * `maxPending`.
     *
     * @default 536_870_912 (512 MiB)
     */
    maxPendingBytes?: number | undefined
  }

  /** Options of `close()`. */
  interface CloseOptions {
    /**
     * How long to wait for what is pending, in milliseconds or as text such as `'10s'`. Of several calls the one whose
     * time is over first decides.
     *
     * @default no bound of its own
     */
    timeout?: Duration | undefined
  }

  /**
   * What happens without a caller who is told of it: an error reaches a caller or an event, never both.
   *
   * Each is published to the channel `redkv:` and its name of `node:diagnostics_channel` too, for all instances of the
   * process. They keep no process alive. In a flood those of one kind about one store become one.
   *
   * @example
   * ```js
   * redkv.on('tierError', ({ error, keys }) => metrics.add(error.code, keys))
   * diagnostics_channel.subscribe('redkv:tierDown', ({ store }) => metrics.add(`${store}.down`))
   * ```
   */
  interface Events {
    /** A store failed so often in a row that it is not asked any more until a probe of it succeeds. */
    tierDown: TierDownEvent

    /** A store that was down is asked again. */
    tierUp: TierUpEvent

    /** A store failed where the operation goes on without it, or where nobody waits for it. */
    tierError: TierErrorEvent

    /** Old values that a store had kept because a write did not reach it were taken away there. */
    repair: RepairEvent
  }

  /** What all events have. */
  interface TierEvent {
    /** The name of the store. */
    readonly store: StoreName

    /** Its place in the chain, from 0. */
    readonly place: number
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

  /** See {@link Events.repair}. */
  interface RepairEvent extends TierEvent {
    /** How many keys are served from it again. */
    readonly keys: number
  }

  /** Options of every operation. */
  interface OperationOptions {
    /**
     * Ends the waiting for the operation, not the operation: its order among others stays, and what was sent is done.
     *
     * When it aborts, a read and `ready()` reject at once with the `reason` of the signal. A write may have been made
     * by then: it rejects with `ERR_REDKV_ABORTED`, with the reason as `cause` and `'unknown'` as its
     * {@link RedKVError.outcome | outcome}. With a signal that has aborted before the call nothing is sent, and every
     * operation rejects with the reason.
     *
     * @example
     * ```js
     * await redkv.get('user:1', { signal: AbortSignal.timeout(50) })
     * ```
     */
    signal?: AbortSignal | undefined
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
     * `ERR_REDKV_VALUE` when the value is not UTF-8 text (use {@link Operations.getBuffer | getBuffer()}); with
     * `ERR_REDKV_NO_STORES` when no store was added; with a `TypeError` when the key is neither string nor number.
     *
     * @example
     * ```js
     * const user = JSON.parse((await redkv.get('user:1')) ?? 'null')
     * ```
     */
    get(key: Key, options?: OperationOptions): Promise<string | null>

    /**
     * Reads the value of a key as bytes, `null` when there is none. Otherwise as {@link Operations.get | get()}, but
     * any value can be read.
     *
     * @example
     * ```js
     * await redkv.set('picture', await readFile('picture.png'))
     * const picture = await redkv.getBuffer('picture')
     * ```
     */
    getBuffer(key: Key, options?: OperationOptions): Promise<Buffer | null>

    /**
     * Writes a value, whatever was there before. Without `ttl` the entry does not end, even if the one before did.
     *
     * On a chain: writes to the last store first, then to the others side by side, and resolves when all have it.
     * Writes to one key take effect in the order in which they were called; one that is overtaken while it waits is
     * not sent, and settles with the one that overtook it.
     *
     * Rejects when a store that is not `optional` failed. If the last store refused the value, no store keeps it. If
     * the last store took it and an earlier one failed, the value is written: this process reads past the earlier
     * store until the old value is gone from there. Rejects before anything is written when a store could never keep
     * the entry: with a `TypeError` when key or value is of a wrong type or too long, or `ttl` is not a positive
     * duration; with `ERR_REDKV_UNSUPPORTED` when a store cannot keep a `ttl`, or no bytes.
     *
     * @example
     * ```js
     * await redkv.set('greeting', 'hello')
     * await redkv.set('session:7', token, { ttl: '30m' })
     * ```
     */
    set(key: Key, value: Value, options?: SetOptions): Promise<void>

    /**
     * Deletes a key. Succeeds when there is none.
     *
     * On a chain: from the last store first, then from the others side by side. Rejects when a store that is not
     * `optional` failed, as {@link Operations.set | set()} does.
     */
    delete(key: Key, options?: OperationOptions): Promise<void>

    /**
     * Tells whether there is a value under a key.
     *
     * On a chain: `true` from the first store that has it; the last store's "no" is final. Fills nothing. Without
     * stores it is `false`. Rejects with the error of the last store when that failed and no other store had the key.
     */
    has(key: Key, options?: OperationOptions): Promise<boolean>

    /**
     * Reads many keys as strings, in the order of the keys; `null` for each that is not there. Otherwise as
     * {@link Operations.get | get()}, and each store is asked for all of them together.
     *
     * Rejects with `ERR_REDKV_PARTIAL` when some (or all) keys failed: {@link RedKVError.errors | errors} tells which
     * and why, {@link RedKVError.values | values} has what could be read.
     *
     * @example
     * ```js
     * const [first, second] = await redkv.getMany(['user:1', 'user:2'])
     * ```
     */
    getMany(keys: Keys, options?: OperationOptions): Promise<(string | null)[]>

    /**
     * Writes many values, each as {@link Operations.set | set()} does.
     *
     * Not a transaction: each key succeeds or fails for itself. Rejects with `ERR_REDKV_PARTIAL` when some (or all)
     * failed: {@link RedKVError.errors | errors} tells which and why, all others are written. Rejects with a `TypeError`
     * before anything is written when a key or value is of a wrong type.
     *
     * @param entries - Pairs `[key, value]` in any iterable, or a plain object.
     * @param options - The same for all of them.
     *
     * @example
     * ```js
     * await redkv.setMany({ a: '1', b: '2' }, { ttl: '1h' })
     * await redkv.setMany(new Map([['a', '1'], ['b', '2']]))
     * ```
     */
    setMany(entries: Entries, options?: SetOptions): Promise<void>

    /**
     * Deletes many keys, each as {@link Operations.delete | delete()} does.
     *
     * Rejects with `ERR_REDKV_PARTIAL` when some (or all) failed: {@link RedKVError.errors | errors} tells which and
     * why, all others are deleted.
     */
    deleteMany(keys: Keys, options?: OperationOptions): Promise<void>

    /**
     * Tells for many keys whether there is a value, in the order of the keys, each as {@link Operations.has | has()}
     * does.
     *
     * Rejects with `ERR_REDKV_PARTIAL` when some (or all) failed: {@link RedKVError.errors | errors} tells which and
     * why, {@link RedKVError.values | values} has what is known.
     */
    hasMany(keys: Keys, options?: OperationOptions): Promise<boolean[]>
  }

  /**
   * One store of a chain, with the operations that act on it alone. Made by {@link RedKV.addStore | addStore()}.
   *
   * Its operations go through the same order as those of the chain: a read sees every write that was called before.
   *
   * @example
   * ```js
   * const memory = redkv.addStore('memory')
   * redkv.addStore('sqlite', { path: './cache.sqlite' })
   * await memory.delete('user:1') // the next read of the chain asks SQLite again
   * ```
   */
  interface Store extends Operations {
    /** The name of the store, in lower case. */
    readonly name: StoreName

    /**
     * Waits until this store is usable: connected, opened, its table found.
     *
     * Rejects when it is not, `optional` or not; calling it again tries again.
     */
    ready(options?: OperationOptions): Promise<void>
  }

  /** How the chain treats one of its stores: the third argument of `addStore`, the same for all stores. */
  interface TierOptions {
    /**
     * How long an entry lives in this store at most, in milliseconds or as text such as `'10s'`. It bounds the `ttl`
     * of a write and entries that are filled in from later stores.
     *
     * Needs a store that can let entries end: for `'dynamodb'` set `ttlAttribute`, for `'sqlite'` set
     * `expiresColumn`, else `addStore` throws with `ERR_REDKV_UNSUPPORTED`.
     *
     * @default no bound
     */
    ttl?: Duration | undefined

    /**
     * How long one operation on this store may take, in milliseconds or as text such as `'10s'`. When it is over the
     * operation fails with `ERR_REDKV_TIMEOUT`: a read goes on with the next store. Has no meaning for `'memory'`,
     * which answers at once.
     *
     * @default 5000
     */
    timeout?: Duration | undefined

    /**
     * How long {@link RedKV.ready | ready()} waits for this store to connect or open, in milliseconds or as text such as
     * `'10s'`. The attempt itself goes on: operations that come later may find it done.
     *
     * @default as long as the store itself tries: 5 seconds for `'redis'`
     */
    connectTimeout?: Duration | undefined

    /**
     * After how many failures in a row (timeouts, lost connections) this store counts as down. While it does it is not
     * asked: reads pass it by at once, and its part of a write, or an operation that needs it, fails at once with
     * `ERR_REDKV_CONNECTION`. It is probed in the background, after 0.1 seconds at first and at least once in 3, and
     * used again when it answers. `false` asks it in any case.
     *
     * @default 3
     */
    breakAfter?: number | false | undefined

    /**
     * For a cache that several processes share: for how long a deleted key is remembered there, in milliseconds or as
     * text such as `'30s'`. Without it, a process that read a value just before another process deleted it may put it
     * back into this store, where it stays for its `ttl`. With it, `delete` leaves a marker that no back-fill
     * replaces, only a write; for as long as it stands, reads of the key go to the stores behind. Must be more than
     * twice `timeout`, and the same in all processes. Other programs that read the store see the marker as a value.
     * Not for `'memory'`, which nobody shares, nor for the last store.
     *
     * @default none
     */
    tombstone?: Duration | undefined

    /**
     * Whether the chain can do without this store: its failures never reject a write or `ready()`, and what it cannot
     * keep is left out there. Not for the last store, the source of truth: `ready()` then rejects.
     *
     * @default false
     */
    optional?: boolean | undefined

    /**
     * Put before every key in this store, so that several chains share it without meeting.
     *
     * @default no prefix
     */
    prefix?: string | undefined
  }

  /**
   * Options of the store `'memory'`, which keeps entries in the memory of this process.
   *
   * Without bounds it grows for as long as keys are written; with both, the tighter one holds. As the first store of a
   * chain it answers at once what it has, without a queue or a thread in between.
   *
   * @example
   * ```js
   * redkv.addStore('memory', { maxEntries: 10_000 }, { ttl: '5m' })
   * ```
   */
  interface MemoryOptions {
    /**
     * How many entries it keeps at most. Beyond that, those that are used seldom make room.
     *
     * @default no bound
     */
    maxEntries?: number | undefined

    /**
     * How many bytes it keeps at most, counting keys, values and 128 bytes for each entry. Beyond that, entries that
     * are used seldom make room; an entry that is larger than all of it is not kept.
     *
     * @default no bound
     */
    maxBytes?: number | undefined
  }

  /**
   * Options of the store `'redis'`, in the names of node_redis 2 and 3. It keeps entries in Redis or Valkey, as plain
   * string values under the key (and its prefix).
   *
   * A connection that breaks is made again by itself.
   *
   * @example
   * ```js
   * redkv.addStore('redis', { url: 'rediss://:password@cache.example.com:6380/2' }, { timeout: 250 })
   * ```
   */
  interface RedisOptions extends LegacyRedisOptions {
    /**
     * Where the server is: `redis://[[username]:password@]host[:port][/db]`, `rediss://…` for TLS, or `unix:/path` for
     * a socket file. What it says wins over the other options, which fill its gaps.
     */
    url?: string | URL | undefined

    /**
     * The host name or address of the server. A name is looked up anew for every connection.
     *
     * @default '127.0.0.1'
     */
    host?: string | undefined

    /**
     * The port of the server.
     *
     * @default 6379
     */
    port?: number | `${number}` | undefined

    /** The socket file of a server on this machine, instead of `host` and `port`. Excludes `tls`; not on Windows. */
    path?: string | undefined

    /**
     * The number of the database.
     *
     * @default 0
     */
    db?: number | `${number}` | undefined

    /**
     * The name of the user, for servers with access control lists. An empty string is none.
     *
     * @default the server's default user
     */
    username?: string | undefined

    /**
     * The password of the user. An empty string is none. It appears in no error, log or `inspect()`.
     *
     * @default none
     */
    password?: string | undefined

    /**
     * Whether to speak TLS, and how. `true` trusts the certificate authorities of the system.
     *
     * @default true for a `rediss:` url, else false
     */
    tls?: boolean | RedisTlsOptions | undefined

    /**
     * Put before every key.
     *
     * @default no prefix
     */
    prefix?: string | undefined

    /**
     * How long one attempt to connect may take, in milliseconds or as text such as `'10s'`: looking up the name, TLS
     * and authentication included.
     *
     * @default 5000
     */
    connect_timeout?: Duration | undefined
  }

  /** How to speak TLS with Redis, in the names of `tls.connect()` of Node.js. Its other options are refused. */
  interface RedisTlsOptions {
    /**
     * The certificate authorities to trust, in PEM form, and no others.
     *
     * @default those of the system
     */
    ca?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined

    /** The certificate of this client, in PEM form, with those that lead to its authority; needs `key`. */
    cert?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined

    /** The private key of this client, in PEM form and without a passphrase; needs `cert`. */
    key?: string | Uint8Array | undefined

    /**
     * The name that the server's certificate must be for.
     *
     * @default the host
     */
    servername?: string | undefined

    /**
     * Whether the server's certificate must be valid. `false` is for tests: anybody in between can then read along.
     *
     * @default true
     */
    rejectUnauthorized?: boolean | undefined
  }

  /** Options of node_redis that redkv 1.x handed on. Those without effect give a warning. */
  interface LegacyRedisOptions {
    /** @deprecated write {@link RedisOptions.password | password} */
    auth_pass?: string | undefined

    /** @deprecated write {@link RedisOptions.password | password} */
    authPass?: string | undefined

    /** @deprecated write {@link RedisOptions.connect_timeout | connect_timeout} */
    connectTimeout?: Duration | undefined

    /** @deprecated write {@link RedisOptions.username | username} */
    user?: string | undefined

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
    retry_max_delay?: unknown

    /** @deprecated has no effect */
    retryStrategy?: unknown

    /** @deprecated has no effect */
    retry_strategy?: unknown

    /** @deprecated has no effect */
    retryUnfulfilledCommands?: unknown

    /** @deprecated has no effect */
    retry_unfulfilled_commands?: unknown

    /** @deprecated has no effect */
    returnBuffers?: unknown

    /** @deprecated has no effect */
    return_buffers?: unknown

    /** @deprecated has no effect */
    socketInitialDelay?: unknown

    /** @deprecated has no effect */
    socket_initial_delay?: unknown

    /** @deprecated has no effect */
    socket_initialdelay?: unknown

    /** @deprecated has no effect */
    socketKeepalive?: unknown

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
   * redkv.addStore('dynamodb', { tableName: 'sessions', region: 'eu-central-1', ttlAttribute: 'expires' })
   * ```
   */
  interface DynamoDBOptions extends LegacyDynamoDBOptions {
    /**
     * The table, by its name or ARN. It must exist, and its hash key must be its only key and of type `S`; the name of
     * that key is read from the table.
     */
    tableName: string

    /**
     * The attribute that holds the value.
     *
     * @default 'v'
     */
    attributeName?: string | undefined

    /**
     * The attribute that holds the end of an entry, in seconds since 1970: the one that the table's "time to live" is
     * set to. Entries past it are never read, even before DynamoDB removes them. Without this option a write with a
     * `ttl` rejects with `ERR_REDKV_UNSUPPORTED`.
     *
     * @default none
     */
    ttlAttribute?: string | undefined

    /**
     * Whether a read sees every write that was acknowledged before it. `false` costs half as much, but a read shortly
     * after a write or a delete may still find the old value, and put it back into the stores in front.
     *
     * @default true
     */
    consistentRead?: boolean | undefined

    /**
     * The AWS region.
     *
     * @default `AWS_REGION` in the environment, or the shared configuration files, or the region of the machine
     */
    region?: string | undefined

    /**
     * The address of the service, such as `http://localhost:8000`; `https` when no scheme is given.
     *
     * @default the region's own
     */
    endpoint?: string | URL | undefined

    /**
     * The access key. With one half of it the other must be there too. It appears in no error, log or `inspect()`.
     *
     * @default the environment, the shared configuration files, the role of the machine
     */
    credentials?: AwsCredentials | undefined

    /** As in {@link DynamoDBOptions.credentials | credentials}, which it is used instead of. */
    accessKeyId?: string | undefined

    /** As in {@link DynamoDBOptions.credentials | credentials}, which it is used instead of. */
    secretAccessKey?: string | undefined

    /** As in {@link DynamoDBOptions.credentials | credentials}, which it is used instead of. */
    sessionToken?: string | undefined

    /**
     * The profile in the shared configuration files to take region and credentials from.
     *
     * @default `AWS_PROFILE` in the environment, or 'default'
     */
    profile?: string | undefined

    /** How long the client waits. */
    httpOptions?: DynamoDBHttpOptions | undefined

    /**
     * How often a failed request is sent again, from 0 to 100. Excludes `maxAttempts`.
     *
     * @default as `maxAttempts`
     */
    maxRetries?: number | undefined

    /**
     * How often a request is sent in all, from 1 to 101. Excludes `maxRetries`.
     *
     * @default `AWS_MAX_ATTEMPTS` in the environment, or the shared configuration files, or 3
     */
    maxAttempts?: number | undefined

    /**
     * Whether to use the endpoints that are validated for FIPS 140.
     *
     * @default `AWS_USE_FIPS_ENDPOINT` in the environment, or the shared configuration files, or false
     */
    useFipsEndpoint?: boolean | undefined

    /**
     * Whether to use the endpoints that answer over IPv6 too.
     *
     * @default `AWS_USE_DUALSTACK_ENDPOINT` in the environment, or the shared configuration files, or false
     */
    useDualstackEndpoint?: boolean | undefined
  }

  /** An AWS access key. */
  interface AwsCredentials extends LegacyAwsCredentials {
    /** The public half. */
    accessKeyId: string

    /** The secret half. */
    secretAccessKey: string

    /** Belongs to a temporary key. */
    sessionToken?: string | undefined
  }

  /** How long the client of DynamoDB waits. The tier option `timeout` bounds the whole operation. */
  interface DynamoDBHttpOptions extends LegacyDynamoDBHttpOptions {
    /**
     * How long one attempt of a request may take, in milliseconds or as text such as `'10s'`.
     *
     * @default no bound of its own
     */
    timeout?: Duration | undefined

    /**
     * How long making a connection may take, in milliseconds or as text such as `'10s'`.
     *
     * @default 1000
     */
    connectTimeout?: Duration | undefined
  }

  /** Options of the AWS SDK 2 that redkv 1.x handed on. Those without effect give a warning. */
  interface LegacyDynamoDBOptions {
    /** @deprecated write {@link DynamoDBOptions.consistentRead | consistentRead} */
    ConsistentRead?: boolean | undefined

    /** @deprecated has no effect */
    apiVersion?: unknown

    /** @deprecated has no effect */
    apiVersions?: unknown

    /** @deprecated has no effect */
    clientSideMonitoring?: unknown

    /** @deprecated has no effect */
    computeChecksums?: unknown

    /** @deprecated has no effect */
    convertEmptyValues?: unknown

    /** @deprecated has no effect */
    convertResponseTypes?: unknown

    /** @deprecated has no effect */
    correctClockSkew?: unknown

    /** @deprecated has no effect */
    credentialProvider?: unknown

    /** @deprecated has no effect */
    customUserAgent?: unknown

    /** @deprecated has no effect */
    dynamoDbCrc32?: unknown

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
    params?: unknown

    /** @deprecated has no effect */
    paramValidation?: unknown

    /** @deprecated has no effect */
    retryDelayOptions?: unknown

    /** @deprecated has no effect */
    service?: unknown

    /** @deprecated has no effect */
    signatureCache?: unknown

    /** @deprecated has no effect */
    signatureVersion?: unknown

    /** @deprecated has no effect */
    sslEnabled?: unknown

    /** @deprecated has no effect */
    stsRegionalEndpoints?: unknown

    /** @deprecated has no effect */
    systemClockOffset?: unknown

    /** @deprecated has no effect */
    wrapNumbers?: unknown
  }

  /** Properties of the AWS SDK's credentials that have no effect here. Each gives a warning. */
  interface LegacyAwsCredentials {
    /** @deprecated has no effect */
    accountId?: unknown

    /** @deprecated has no effect */
    expiration?: unknown

    /** @deprecated has no effect */
    expired?: unknown

    /** @deprecated has no effect */
    expireTime?: unknown

    /** @deprecated has no effect */
    refreshCallbacks?: unknown
  }

  /** Options of the AWS SDK 2 that redkv 1.x handed on and that have no effect any more. Each gives a warning. */
  interface LegacyDynamoDBHttpOptions {
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
   * write survives a loss of power. A `ttl` needs {@link SQLiteOptions.expiresColumn | expiresColumn}.
   *
   * @example
   * ```js
   * redkv.addStore('sqlite', { path: './data/cache.sqlite', expiresColumn: 'expires' })
   * ```
   */
  interface SQLiteOptions extends LegacySQLiteOptions {
    /**
     * The database file, or `':memory:'` for one that is gone when the store is closed. A file that is missing is made,
     * its directory is not. It must be on a local disk.
     */
    path: string

    /**
     * The table. It is made if it is missing.
     *
     * @default 'redkv'
     */
    tableName?: string | undefined

    /**
     * The column that holds the key. In a table that was made by somebody else it must be the `PRIMARY KEY` or `UNIQUE`.
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
     * The column that holds the end of an entry, in milliseconds since 1970, empty for entries that do not end. It is
     * added to a table that does not have it. **Rows whose end has passed are deleted.** Without this option a write
     * with a `ttl` rejects with `ERR_REDKV_UNSUPPORTED`.
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

  /**
   * Options of the store `'file'`, which keeps every entry in a file of its own. Several processes may use one folder.
   *
   * Any key is safe, `'../a'` and keys of 10,000 bytes too. A file is replaced as a whole, so a reader, and whoever comes
   * after a crash, finds the old entry or the new one. A file that is damaged rejects with `ERR_REDKV_VALUE` until it is
   * written or deleted.
   *
   * @example
   * ```js
   * redkv.addStore('file', { path: './data/pages', durable: true })
   * ```
   */
  interface FileOptions {
    /** The folder. One that is missing is made, the folder around it is not. */
    path: string

    /**
     * Whether a write is acknowledged only once its file and its folder are on the disk. Without it the end of the
     * process takes nothing, but a loss of power may take back or damage what was written in the seconds before.
     *
     * @default false
     */
    durable?: boolean | undefined
  }

  /**
   * Options of the store `'disk'`, which keeps entries in an ordered store in a folder of its own, on a local disk. One
   * process at a time may use it; a second one is refused at once.
   *
   * With bounds it keeps what was used lately and deletes what was used longest ago, also after a restart. A crash at any
   * moment damages nothing. What it may take back says {@link DiskOptions.durable | durable}; the uses of the last second
   * may be forgotten in any case.
   *
   * @example
   * ```js
   * redkv.addStore('disk', { path: './data/cache', maxBytes: 500_000_000 })
   * ```
   */
  interface DiskOptions {
    /** The folder, for this store alone. One that is missing is made, the folder around it is not. */
    path: string

    /**
     * How many bytes it keeps at most: values, keys twice, and 64 for each entry. An entry larger than all of it is not
     * kept. The folder takes about as much, and up to twice as much.
     *
     * @default no bound
     */
    maxBytes?: number | undefined

    /**
     * How many entries it keeps at most.
     *
     * @default no bound
     */
    maxEntries?: number | undefined

    /**
     * How many bytes of the file it keeps in memory, at least 1 MiB. The operating system keeps others.
     *
     * @default 33554432
     */
    cacheBytes?: number | undefined

    /**
     * Whether a write is acknowledged only once it is on the disk. Without it, it is there within a second; a crash of the
     * process or a loss of power takes back what was written since, all of it from some moment on.
     *
     * @default false
     */
    durable?: boolean | undefined
  }

  /** The options of each store, by its name. */
  interface StoreOptions {
    memory: MemoryOptions
    redis: RedisOptions
    dynamodb: DynamoDBOptions
    sqlite: SQLiteOptions
    file: FileOptions
    disk: DiskOptions
  }

  /** The name of a store, in lower case. */
  type StoreName = 'disk' | 'dynamodb' | 'file' | 'memory' | 'redis' | 'sqlite'

  /** The names of stores that cannot do without options. */
  type StoreNameWithRequiredOptions = { [Name in StoreName]: {} extends StoreOptions[Name] ? never : Name }[StoreName]

  /** What follows the name in `addStore`: the options of the store, left out only where none is required. */
  type AddStoreArguments<Name extends StoreName> = Extract<Name, StoreNameWithRequiredOptions> extends never
    ? [options?: StoreOptions[Name], tierOptions?: TierOptions]
    : [options: StoreOptions[Name], tierOptions?: TierOptions]

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
   * | `ERR_REDKV_OVERLOAD` | more is pending than `maxPending` or `maxPendingBytes` allow |
   * | `ERR_REDKV_ABORTED` | the `signal` of a write aborted while it waited |
   * | `ERR_REDKV_CLOSED` | `close()` was called, or its `timeout` was over while it waited |
   * | `ERR_REDKV_INTERNAL` | a defect of RedKV: please report it |
   *
   * A wrong argument or option is no `RedKVError` but a `TypeError` with the code `ERR_REDKV_ARGUMENT`, see
   * {@link RedKVArgumentError}.
   */
  type RedKVErrorCode =
    | 'ERR_REDKV_CONNECTION'
    | 'ERR_REDKV_TIMEOUT'
    | 'ERR_REDKV_STORE'
    | 'ERR_REDKV_VALUE'
    | 'ERR_REDKV_UNSUPPORTED'
    | 'ERR_REDKV_PARTIAL'
    | 'ERR_REDKV_NO_STORES'
    | 'ERR_REDKV_OVERLOAD'
    | 'ERR_REDKV_ABORTED'
    | 'ERR_REDKV_CLOSED'
    | 'ERR_REDKV_INTERNAL'

  /**
   * What an operation rejects with when something failed that is no fault of its arguments. Messages never hold values,
   * passwords or keys of AWS.
   *
   * @example
   * ```js
   * try {
   *   await redkv.set('user:1', 'Ada')
   * } catch (error) {
   *   if (!(error instanceof RedKVError) || !error.retryable) throw error
   *   console.warn(`${error.store} failed to ${error.operation}: ${error.code}`)
   * }
   * ```
   */
  class RedKVError extends Error {
    /** Makes an error as RedKV itself does, for tests of the code that handles one. */
    constructor(code: RedKVErrorCode, message: string, details?: RedKVErrorDetails)

    /** What went wrong, to compare with. */
    readonly code: RedKVErrorCode

    /** The name of the store that failed, where one did. */
    readonly store?: StoreName

    /** The operation that failed, such as `'get'`, where one did. */
    readonly operation?: string

    /** The option or argument that it is about, where there is one. */
    readonly field?: string

    /** Whether the same call may succeed when it is made again. */
    readonly retryable: boolean

    /**
     * Whether a write that failed may have been made: `'not-applied'` if it was not made in any store, `'unknown'` if
     * its answer was lost, or if one store took it and another did not. With `ERR_REDKV_PARTIAL` it is `'unknown'` if
     * that holds for one of {@link RedKVError.errors | errors}. Of a read it is always `'not-applied'`.
     *
     * @example
     * ```js
     * if (error.retryable && error.outcome === 'not-applied') await redkv.set(key, value) // no harm in a second one
     * ```
     */
    readonly outcome: RedKVOutcome

    /** The error underneath, where there is one; with `ERR_REDKV_ABORTED` the `reason` of the signal, whatever it is. */
    readonly cause?: unknown

    /**
     * With `ERR_REDKV_PARTIAL`: the keys that failed, as strings, and why. Keys that are not in here succeeded.
     *
     * @example
     * ```js
     * for (const [key, { code, message }] of error.errors ?? []) console.warn(key, code, message)
     * ```
     */
    readonly errors?: Map<string, RedKVError | RedKVArgumentError>

    /**
     * With `ERR_REDKV_PARTIAL` of `getMany` and `hasMany`: what is known, in the order of the keys; `undefined` for those
     * that failed.
     */
    readonly values?: (string | null | undefined)[] | (boolean | undefined)[]
  }

  /** Whether a write that failed may have been made all the same. */
  type RedKVOutcome = 'not-applied' | 'unknown'

  /** What a {@link RedKVError} is about. */
  interface RedKVErrorDetails {
    store?: StoreName | undefined
    operation?: string | undefined
    field?: string | undefined
    /** @default false */
    retryable?: boolean | undefined
    /** @default 'not-applied' */
    outcome?: RedKVOutcome | undefined
    cause?: unknown
  }

  /**
   * The `TypeError` for an argument or option that can never work. Thrown by `addStore`; the operations reject with it.
   *
   * @example
   * ```js
   * try {
   *   redkv.addStore('redis', options)
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
    readonly store?: StoreName

    /** The operation that was called, where it had begun. */
    readonly operation?: string

    /** A wrong argument stays wrong. */
    readonly retryable: false

    /** Nothing was written. */
    readonly outcome: 'not-applied'

    /** The error underneath, where there is one. */
    readonly cause?: Error
  }
}

export = RedKV
