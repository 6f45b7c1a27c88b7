// `npm run bench`: RedKV beside other packages. Installs, builds, starts the servers, measures, and prints Markdown.
// See README.md for what is measured and how.

import { parseArgs } from 'node:util'
import { Failure, main } from '../scripts/lib/run.mjs'
import { withServers } from '../scripts/lib/servers/with-servers.mjs'
import { comparisons } from './comparisons.mjs'
import { measure } from './lib/child.mjs'
import { conditions } from './lib/conditions.mjs'
import { comparisonTable, conditionsText, legend, targetTable } from './lib/markdown.mjs'
import { prepare } from './lib/prepare.mjs'
import { createTable, pidOf, redisInfo } from './lib/servers.mjs'
import { summary } from './lib/statistics.mjs'
import { write } from './lib/write.mjs'
import { judge, targets } from './targets.mjs'

const help = `npm run bench -- [options]

  --rounds N      how often each client is measured (5)
  --millis N      how long each measurement takes (1500)
  --only TEXT     only comparisons whose name or title contains one of the texts, separated by commas
  --clients TEXT  only clients whose name contains one of the texts, separated by commas
  --write         also write results.json, results.md and the charts to docs/performance/
  --as-is         measure the addon that is there instead of building it`

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    millis: { type: 'string', default: '1500' },
    only: { type: 'string', default: '' },
    clients: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
    'as-is': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false }
  }
})
const rounds = Number(options.rounds)
const millis = Number(options.millis)

/** Whether a text contains one of those that an option lists. */
const matches = (option, text) => option.split(',').some((part) => text.includes(part))

/** The comparisons that are asked for, with the clients that are asked for. */
function chosen() {
  const some = comparisons.filter(({ id, title }) => matches(options.only, `${id} ${title}`))
  const reduced = some.map((comparison) => ({
    ...comparison,
    clients: comparison.clients.filter((client) => matches(options.clients, client))
  }))
  const left = reduced.filter(({ clients }) => clients.length > 0)
  if (left.length === 0) throw new Failure('no comparison is left: see bench/comparisons.mjs for their names')
  if (options.write && (options.only || options.clients)) throw new Failure('--write is for the whole comparison')
  return left
}

/** Measures all clients of a comparison, round after round, each round beginning with another one. */
async function compare({ clients, ...comparison }, context) {
  const { id, title, ...specification } = comparison
  const measured = Object.fromEntries(clients.map((client) => [client, []]))
  for (let round = 0; round < rounds; round++) {
    for (let n = 0; n < clients.length; n++) {
      const client = clients[(n + round) % clients.length]
      measured[client].push(await measure({ ...specification, client, millis }, context))
    }
  }
  const summaries = Object.entries(measured).map(([client, all]) => [client, { ...summary(all), rounds: all }])
  return { id, title, clients: Object.fromEntries(summaries) }
}

/** What was asked beside what was reached. */
function judged(results) {
  const medians = results.map(({ id, clients }) => [
    id,
    Object.fromEntries(Object.entries(clients).map(([client, { median }]) => [client, median]))
  ])
  return targets.map((target) => judge(target, Object.fromEntries(medians)))
}

/** What each role needs. */
const servers = { memory: [], tiered: ['redis'], redis: ['redis'], dynamodb: ['dynamodb'] }

async function run(selected, { env, signal }) {
  const redis = env.REDKV_TEST_REDIS_URL ? await redisInfo(env.REDKV_TEST_REDIS_URL) : {}
  const pid = pidOf(redis)
  if (env.REDKV_TEST_DYNAMODB_ENDPOINT) await createTable(env.REDKV_TEST_DYNAMODB_ENDPOINT)
  const withRedis = { ...env, ...(pid && { REDKV_BENCH_SERVER_PID: pid }) }
  const versions = redis.redis_version ? { 'redis-server': redis.redis_version } : {}
  const where = conditions({ options: { rounds, millis }, versions })
  const results = []
  console.log(`\n${legend}\n`)
  for (const comparison of selected) {
    const usesRedis = servers[comparison.role].includes('redis')
    const result = await compare(comparison, { signal, env: usesRedis ? withRedis : env })
    results.push(result)
    console.log(comparisonTable(result))
  }
  const report = { conditions: where.after(), comparisons: results, targets: judged(results) }
  console.log(targetTable(report.targets))
  console.log(conditionsText(report.conditions))
  if (options.write) for (const path of write(report)) console.log(`written: ${path}`)
}

await main(async () => {
  if (options.help) return console.log(help)
  const selected = chosen()
  await prepare({ asIs: options['as-is'] })
  const only = [...new Set(selected.flatMap(({ role }) => servers[role]))]
  await withServers({ only }, (context) => run(selected, context))
})
