'use strict'

/** Longer than any timeout of a tier in these tests, in milliseconds. */
const LATE = 1_500

/**
 * What can become of a Redis. Each has
 * - `begin`, `end`: make it so, and undo it; `site` has the `redis` and the `proxy` through which it is used
 * - `codes`: what an operation on that store alone may fail with meanwhile
 * - `retryable`: whether these errors say that the call may be repeated
 * - `mayApply`: whether a write that failed may have been made all the same
 * - `cuts`: whether the connections are ended at its beginning, which is an error of its own
 */
const faults = {
  'is killed': {
    begin: ({ redis }) => redis.kill(),
    end: ({ redis }) => redis.start(),
    codes: ['ERR_REDKV_CONNECTION'],
    retryable: true,
  },
  'refuses connections': {
    begin: async ({ proxy }) => {
      proxy.refuse()
      proxy.cut()
    },
    end: ({ proxy }) => proxy.accept(),
    codes: ['ERR_REDKV_CONNECTION'],
    retryable: true,
  },
  'is paused with SIGSTOP': {
    begin: async ({ redis }) => redis.pause(),
    end: async ({ redis }) => redis.resume(),
    codes: ['ERR_REDKV_TIMEOUT', 'ERR_REDKV_CONNECTION'],
    retryable: true,
    mayApply: true,
  },
  'is half-open': {
    begin: async ({ proxy }) => proxy.swallow(),
    end: async ({ proxy }) => proxy.pass(),
    codes: ['ERR_REDKV_TIMEOUT', 'ERR_REDKV_CONNECTION'],
    retryable: true,
  },
  'closes connections, and hangs on new ones': {
    begin: async ({ proxy }) => {
      proxy.halfClose()
      proxy.swallow()
    },
    end: async ({ proxy }) => proxy.pass(),
    codes: ['ERR_REDKV_TIMEOUT', 'ERR_REDKV_CONNECTION'],
    retryable: true,
  },
  'answers with garbage': {
    begin: async ({ proxy }) => proxy.talkNonsense(),
    end: async ({ proxy }) => proxy.pass(),
    codes: ['ERR_REDKV_CONNECTION'],
    retryable: true,
  },
  'loses its connections instead of answering': {
    begin: async ({ proxy }) => proxy.loseReplies(Infinity),
    end: async ({ proxy }) => proxy.pass(),
    codes: ['ERR_REDKV_CONNECTION'],
    retryable: true,
    mayApply: true,
  },
  'answers too late': {
    begin: async ({ proxy }) => proxy.delay({ reply: LATE }),
    end: async ({ proxy }) => proxy.pass(),
    codes: ['ERR_REDKV_TIMEOUT', 'ERR_REDKV_CONNECTION'],
    retryable: true,
    mayApply: true,
  },
  'loses its connections all the time': {
    begin: async (site) => {
      site.cutting = setInterval(() => site.proxy.cut(), 20)
    },
    end: async ({ cutting }) => clearInterval(cutting),
    codes: ['ERR_REDKV_CONNECTION'],
    retryable: true,
    mayApply: true,
  },
  'is out of memory': {
    begin: ({ redis }) => redis.command('CONFIG', 'SET', 'maxmemory', '1kb'),
    end: ({ redis }) => redis.command('CONFIG', 'SET', 'maxmemory', '0'),
    codes: ['ERR_REDKV_STORE'],
    retryable: true,
  },
  'is read-only': {
    begin: ({ redis }) => redis.command('REPLICAOF', '127.0.0.1', '1'),
    end: ({ redis }) => redis.command('REPLICAOF', 'NO', 'ONE'),
    codes: ['ERR_REDKV_STORE'],
    retryable: true,
  },
  'asks for another password': {
    begin: ({ redis }) => redis.requirePassword('another'),
    end: ({ redis }) => redis.requirePassword(''),
    codes: ['ERR_REDKV_STORE'],
    retryable: false,
    cuts: true,
    mayApply: true,
  },
}

module.exports = { faults }
