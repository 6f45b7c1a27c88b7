'use strict'

// An hour of traffic at 300 operations a second, or some rounds of it, as fast as it goes, with a fault in most rounds.
// What the process takes afterwards may not be more than what it took before, up to a bound. Started by
// `npm run test:leaks`.

const { mkdtempSync, readdirSync, rmSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { setImmediate: turn, setTimeout: sleep } = require('node:timers/promises')
const RedKV = require('../..')
const { freshTable, clientOptions } = require('../support/servers/dynamodb.js')
const { privateRedis } = require('../support/servers/redis-server.js')
const { until } = require('../support/wait.js')
const { faults } = require('./faults.js')
const { Tally, instances, operations, refusals, worker } = require('./traffic.js')

/** Of one round: an hour has 75 of them. */
const OPERATIONS = (3_600 * 300) / 75
const ROUNDS = Number(process.argv[2] ?? 75)
const WARM_UP = Math.max(5, ROUNDS / 5)
const MIB = 1_048_576

/** By how much the median of the last third may exceed that of the first. */
const bounds = {
  'resident set': { of: () => process.memoryUsage.rss(), most: 8 * MIB },
  'JavaScript heap': { of: () => process.memoryUsage().heapUsed, most: MIB / 2 },
  'outside the heap': { of: () => process.memoryUsage().external, most: MIB / 2 },
  'file descriptors': { of: () => entriesOf('/proc/self/fd'), most: 0, unit: 1 },
  threads: { of: () => entriesOf('/proc/self/task'), most: 0, unit: 1 },
}

function entriesOf(folder) {
  try {
    return readdirSync(folder).length
  } catch {
    // Only Linux tells.
    return 0
  }
}

/** What is no longer needed is let go of; finalizers of the addon run in turns of their own. */
async function settle() {
  for (let n = 0; n < 4; n += 1) {
    globalThis.gc()
    await turn()
  }
  await sleep(100)
  globalThis.gc()
}

const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]

function report(samples) {
  const third = Math.floor(samples.length / 3)
  let flat = true
  for (const [name, { most, unit = MIB }] of Object.entries(bounds)) {
    const values = samples.map((sample) => sample[name])
    const [first, last] = [values.slice(0, third), values.slice(-third)].map(median)
    const shown = [first, last, last - first, most].map((value) => (value / unit).toFixed(unit === 1 ? 0 : 2))
    const isFlat = last - first <= most
    flat &&= isFlat
    console.log(`${isFlat ? 'flat ' : 'GROWS'} ${name}: ${shown[0]} to ${shown[1]}${unit === 1 ? '' : ' MiB'}, by ${shown[2]} of at most ${shown[3]}`)
  }
  return flat
}

async function main() {
  const undo = []
  const t = { after: (step) => undo.push(step) }
  const folder = mkdtempSync(join(tmpdir(), 'redkv-leaks-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const redis = await privateRedis(t)
  const endpoint = process.env.REDKV_TEST_DYNAMODB_ENDPOINT
  const table = await freshTable(t, endpoint)

  const cached = [
    ['memory', { maxEntries: 500 }],
    ['redis', redis.options, { timeout: 150, ttl: '1m' }],
    ['sqlite', { path: join(folder, 'kv.sqlite'), expiresColumn: 'expires' }],
  ]
  const refusing = [['memory', { maxBytes: 100_000 }], ['redis', { ...redis.options, prefix: 'refusing:' }, { timeout: 150 }]]
  const remote = [['memory', { maxEntries: 50 }], ['dynamodb', { ...clientOptions(endpoint), tableName: table, ttlAttribute: 'ttl' }]]
  const chains = [cached, refusing, remote].map((stores) => {
    const kv = new RedKV()
    for (const [name, options, tier] of stores) kv.addStore(name, options, tier)
    return kv
  })

  const tally = new Tally()
  const samples = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const fault = faults[round % faults.length]
    await Promise.all([
      fault(redis),
      operations(chains[0], tally, OPERATIONS * 0.55, round),
      operations(chains[1], tally, OPERATIONS * 0.44, round + 500),
      operations(chains[2], tally, OPERATIONS * 0.01, round),
    ])
    await refusals(chains[0])
    await instances(cached, tally)
    await instances(refusing, tally)
    await worker(cached)
    // The store is used again before the next round, so that each begins alike.
    await until(() => chains[1].set('up', 'again').then(() => true, () => false))
    await settle()
    const sample = Object.fromEntries(Object.entries(bounds).map(([name, { of }]) => [name, of()]))
    if (round >= WARM_UP) samples.push(sample)
    if (round % 5 === 4) {
      const { heapUsed } = process.memoryUsage()
      console.log(`round ${round + 1}: ${tally.operations} operations, ${tally.failures} failed; ` +
        `${(sample['resident set'] / MIB).toFixed(1)} MiB resident, ${(heapUsed / MIB).toFixed(2)} MiB heap, ` +
        `${sample['file descriptors']} descriptors, ${sample.threads} threads`)
    }
  }
  const isFlat = report(samples)
  await Promise.all(chains.map((kv) => kv.close()))
  for (const step of undo.reverse()) await step()
  if (!isFlat) process.exitCode = 1
}

main()
