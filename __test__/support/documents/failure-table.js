'use strict'

// The tables of docs/failure-semantics.md: each row is played against a real Redis that fails, and says what was seen.

const assert = require('node:assert/strict')
const RedKV = require('../../..')
const { settledWithin } = require('../deadline.js')
const { proxyTo } = require('../servers/proxy.js')
const { faults } = require('../servers/redis-faults.js')
const { privateRedis } = require('../servers/redis-server.js')
const { eventually, until } = require('../wait.js')

/** How long an operation on the Redis may take, in milliseconds. */
const TIMEOUT = 500

/** What Redis is in its chain. */
const roles = {
  cache: { names: ['redis', 'sqlite'], tier: {} },
  'optional-cache': { names: ['redis', 'sqlite'], tier: { optional: true } },
  authority: { names: ['memory', 'redis'], tier: {} },
}

/** What happens to it: how the document calls it, the fault, and whether it makes operations wait. */
const states = [
  { title: 'is down: connections are refused', fault: 'is killed' },
  { title: 'hangs: the process is stopped', fault: 'is paused with SIGSTOP', waits: true },
  { title: 'is half-open: nothing arrives there', fault: 'is half-open', waits: true },
  { title: 'answers later than its `timeout`', fault: 'answers too late', waits: true },
  { title: 'loses the connection while it answers', fault: 'loses one answer', once: true },
  { title: 'answers something that is no answer', fault: 'answers with garbage' },
  { title: 'is out of memory', fault: 'is out of memory' },
  { title: 'is read-only', fault: 'is read-only' },
  { title: 'refuses the password', fault: 'asks for another password' },
]

const losesOneAnswer = { begin: async ({ proxy }) => proxy.loseReplies(1), end: async () => {} }

const code = (error) => `\`${error.code}\`${error.retryable ? '' : ', not retryable'}`

/** The errors of an operation: its own, or those of its keys. */
const errorsOf = (error) => [...(error.errors?.values() ?? [error])]

/** What all of these are, in one phrase; differences show. */
const phrase = (words) => [...new Set(words)].join(' / ')

/** A chain in which the Redis behind `proxy` has the role, and values by which one sees who answered. */
async function chainOf(t, { names, tier }, proxy) {
  const kv = new RedKV()
  t.after(() => kv.close())
  const clientOptions = { memory: {}, sqlite: { path: ':memory:' }, redis: { host: '127.0.0.1', port: proxy.port } }
  const stores = {}
  for (const name of names) {
    stores[name] = kv.addStore(name, clientOptions[name], name === 'redis' ? { timeout: TIMEOUT, connectTimeout: '5s', ...tier } : {})
  }
  await kv.ready()
  const [first, last] = names.map((name) => stores[name])
  await eventually(() => kv.setMany({ set: 'old', 'many-1': 'old', 'many-2': 'old', delete: 'old', hot: 'old' }))
  // Behind a memory the keys to read are cold. Before another store they differ, and one is not in the cache.
  await eventually(() => last.setMany({ 'read-1': 'of the last', 'read-2': 'of the last', 'read-3': 'of the last' }))
  if (names[0] !== 'redis') return { kv, ...stores }
  await eventually(() => first.setMany({ 'read-1': 'of the cache', 'read-2': 'of the cache' }))
  return { kv, ...stores }
}

/** What calls come to: all made at once, or, with `before`, each by itself after that. */
async function outcomes(within, calls, before) {
  if (before === undefined) return Promise.all(calls.map((call) => settledWithin(within, call())))
  const results = []
  for (const call of calls) {
    await before()
    results.push(await settledWithin(within, call()))
  }
  return results
}

/** Reads in all ways, in one phrase. */
async function reads(kv, names, within, before) {
  const calls = [() => kv.get('read-1'), () => kv.getMany(['read-1', 'read-2']), () => kv.has('read-3')]
  const results = await outcomes(within, calls, before)
  const words = results.flatMap(({ value, error }) => {
    if (error) return errorsOf(error).map((error) => `reject with ${code(error)}`)
    if (value === true) return []
    return [value].flat().map((value) => {
      if (names[0] === 'memory') return 'work'
      return value === 'of the cache' ? 'work' : 'continue with the next store'
    })
  })
  return phrase(words)
}

/** Writes in all ways, in one phrase. */
async function writes(kv, within, before) {
  const calls = [
    () => kv.set('set', 'new'),
    () => kv.setMany({ 'many-1': 'new', 'many-2': 'new' }),
    () => kv.delete('delete'),
  ]
  const results = await outcomes(within, calls, before)
  const [set, setMany, deleted] = results.map(({ error }) =>
    error ? phrase(errorsOf(error).map((error) => `reject with ${code(error)}`)) : 'work',
  )
  return byKind(phrase([set, setMany]), deleted)
}

/** One phrase, if it is the same for writes and deletes. */
function byKind(sets, deletes) {
  return sets === deletes ? sets : `set, setMany: ${sets}; delete: ${deletes}`
}

const WRITTEN = ['set', 'many-1', 'many-2', 'delete']
const NEW = ['new', 'new', 'new', null]

/** What a write leaves behind where Redis is a cache: the source of truth has it, and nobody here sees the old value. */
async function leftByCache({ kv, sqlite }) {
  assert.deepEqual(await sqlite.getMany(WRITTEN), NEW)
  assert.deepEqual(await kv.getMany(WRITTEN), NEW)
  return 'made in SQLite; reads here skip the old value in Redis, which is deleted when that works'
}

/** What it leaves where Redis is the source of truth: memory goes on, unless nobody knows whether it was made. */
async function leftByAuthority({ kv }) {
  const values = await Promise.all(WRITTEN.map((key) => kv.get(key).catch(() => UNKNOWN)))
  const words = values.map((value, index) => {
    if (value === UNKNOWN) return 'perhaps made; memory has forgotten the key'
    return value === NEW[index] ? 'made' : 'not made; memory serves what it had'
  })
  return byKind(phrase(words.slice(0, -1)), words.at(-1))
}

const UNKNOWN = Symbol('unknown')

const leftBy = (role) => (role === 'authority' ? leftByAuthority : leftByCache)

/** After the fault: what was not made is not there, and no old value is left in a cache. */
async function checkAfterwards(role, redis, left) {
  const raw = () => Promise.all(WRITTEN.map((key) => redis.command('GET', key)))
  if (role !== 'authority') await until(async () => (await raw()).every((value) => value !== 'old'))
  else if (left.startsWith('not made')) assert.deepEqual(await raw(), ['old', 'old', 'old', 'old'])
  else if (left.startsWith('set, setMany: not made')) assert.deepEqual((await raw()).slice(0, -1), ['old', 'old', 'old'])
}

/** The cells of one row. */
async function play(t, role, { title, fault: name, waits = false, once = false }) {
  const { names } = roles[role]
  const redis = await privateRedis(t)
  const proxy = await proxyTo(t, redis.options)
  const chain = await chainOf(t, { ...roles[role], tier: { ...roles[role].tier, circuitBreaker: false } }, proxy)
  const fault = once ? losesOneAnswer : faults[name]
  const within = waits ? TIMEOUT : 0
  const again = async () => {
    await until(() => chain.redis.get('warm-up').then(() => true, () => false))
    // It is not the deletion of what the one before left that is to lose its answer.
    await until(() => chain.redis.stats().staleKeys === 0)
    await fault.begin({ t, redis, proxy })
  }
  const before = once ? again : undefined
  if (!once) {
    await fault.begin({ t, redis, proxy })
    // The first to notice a lost connection may be an operation that was sent already.
    await chain.kv.get('warm-up').catch(() => {})
  }
  const reading = await reads(chain.kv, names, within, before)
  const writing = await writes(chain.kv, within, before)
  // It would work again, which hides what is left.
  if (once) proxy.refuse()
  const left = await leftBy(role)(chain)
  assert.equal(await chain.kv.get('hot'), 'old')
  if (once) await proxy.accept()
  await fault.end({ redis, proxy })
  await checkAfterwards(role, redis, left)
  const cells = [title, reading, writing, waits ? '`timeout`' : 'at once']
  // What is left where Redis is a cache is always the same.
  return role === 'authority' ? [...cells, left] : cells
}

/** What operations do while the breaker is open, one row for each role. */
async function playOpen(t, role) {
  const { names } = roles[role]
  const redis = await privateRedis(t)
  const proxy = await proxyTo(t, redis.options)
  const chain = await chainOf(t, roles[role], proxy)
  await faults['is half-open'].begin({ t, redis, proxy })
  for (let n = 0; n < 3; n += 1) await chain.kv.get(`missing-${n}`).catch(() => {})
  const reading = await reads(chain.kv, names, 0)
  const writing = await writes(chain.kv, 0)
  const left = await leftBy(role)(chain)
  await faults['is half-open'].end({ redis, proxy })
  await checkAfterwards(role, redis, left)
  return [role.replace('-', ' '), reading, writing, 'at once', left]
}

const HEAD = ['get, has, getMany', 'set, delete, setMany', 'settled within', 'a write that fails was']

function markdown(first, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  const head = [first, ...HEAD].slice(0, rows[0].length)
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}

/** The tables of the document by their names, as text. */
async function tables(t) {
  const names = Object.keys(roles)
  const [open, ...failing] = await Promise.all([
    Promise.all(names.map((role) => playOpen(t, role))),
    ...names.map(async (role) => {
      const rows = []
      for (const state of states) rows.push(await play(t, role, state))
      return rows
    }),
  ])
  const all = { open: markdown('Redis is', open) }
  names.forEach((role, index) => (all[role] = markdown('Redis …', failing[index])))
  return all
}

/** Where a table stands in the document. */
const place = (name) => new RegExp(`(?<=<!-- played: ${name} -->\\n\\n)[^]*?(?=\\n\\n<!-- end -->)`)

module.exports = { place, tables }
