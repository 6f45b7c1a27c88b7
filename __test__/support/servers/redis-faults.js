'use strict'

/** Longer than any timeout of a tier in these tests, in milliseconds. */
const LATE = 1_500

/**
 * What can become of a Redis. Each has
 * - `begin`, `end`: make it so, and undo it; `site` has the `redis` and the `proxy` through which it is used
 * - `errors`: what operations may fail with meanwhile, and whether that says that the call may be repeated
 * - `mayApply`: whether a write that failed may have been made all the same
 */
const faults = {
  'is killed': {
    begin: ({ redis }) => redis.kill(),
    end: ({ redis }) => redis.start(),
    errors: { ERR_REDKV_CONNECTION: true },
  },
  'refuses connections': {
    begin: async ({ proxy }) => {
      proxy.refuse()
      proxy.cut()
    },
    end: ({ proxy }) => proxy.accept(),
    errors: { ERR_REDKV_CONNECTION: true },
  },
  'is paused with SIGSTOP': {
    begin: async ({ redis }) => redis.pause(),
    end: async ({ redis }) => redis.resume(),
    errors: { ERR_REDKV_TIMEOUT: true, ERR_REDKV_CONNECTION: true },
    mayApply: true,
  },
  'is half-open': {
    begin: async ({ proxy }) => proxy.swallow(),
    end: async ({ proxy }) => proxy.pass(),
    errors: { ERR_REDKV_TIMEOUT: true, ERR_REDKV_CONNECTION: true },
  },
  'closes connections, and hangs on new ones': {
    begin: async ({ proxy }) => {
      proxy.halfClose()
      proxy.swallow()
    },
    end: async ({ proxy }) => proxy.pass(),
    errors: { ERR_REDKV_TIMEOUT: true, ERR_REDKV_CONNECTION: true },
  },
  'answers with garbage': {
    begin: async ({ proxy }) => proxy.talkNonsense(),
    end: async ({ proxy }) => proxy.pass(),
    errors: { ERR_REDKV_CONNECTION: true },
  },
  'loses its connections instead of answering': {
    begin: async ({ proxy }) => proxy.loseReplies(Infinity),
    end: async ({ proxy }) => proxy.pass(),
    errors: { ERR_REDKV_CONNECTION: true, ERR_REDKV_TIMEOUT: true },
    mayApply: true,
  },
  'answers too late': {
    begin: async ({ proxy }) => proxy.delay({ reply: LATE }),
    end: async ({ proxy }) => proxy.pass(),
    errors: { ERR_REDKV_TIMEOUT: true, ERR_REDKV_CONNECTION: true },
    mayApply: true,
  },
  'gets requests too late': {
    begin: async ({ proxy }) => proxy.delay({ request: LATE }),
    end: async ({ proxy }) => proxy.pass(),
    errors: { ERR_REDKV_TIMEOUT: true, ERR_REDKV_CONNECTION: true },
    mayApply: true,
  },
  'loses its connections all the time': {
    begin: async (site) => {
      site.cutting = setInterval(() => site.proxy.cut(), 20)
      // A test that fails before the end must not keep its process alive.
      site.t.after(() => clearInterval(site.cutting))
    },
    end: async ({ cutting }) => clearInterval(cutting),
    errors: { ERR_REDKV_CONNECTION: true, ERR_REDKV_TIMEOUT: true },
    mayApply: true,
  },
  'is out of memory': {
    begin: ({ redis }) => redis.command('CONFIG', 'SET', 'maxmemory', '1kb'),
    end: ({ redis }) => redis.command('CONFIG', 'SET', 'maxmemory', '0'),
    errors: { ERR_REDKV_STORE: true },
  },
  'is read-only': {
    begin: ({ redis }) => redis.command('REPLICAOF', '127.0.0.1', '1'),
    end: ({ redis }) => redis.command('REPLICAOF', 'NO', 'ONE'),
    errors: { ERR_REDKV_STORE: true },
  },
  'asks for another password': {
    begin: ({ redis }) => redis.requirePassword('another'),
    end: ({ redis }) => redis.requirePassword(''),
    // The open connections are cut.
    errors: { ERR_REDKV_STORE: false, ERR_REDKV_CONNECTION: true },
    mayApply: true,
  },
}

module.exports = { faults }
