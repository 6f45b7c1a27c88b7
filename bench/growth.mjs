// `npm run bench:growth`: how cost grows with entries, operations outstanding, sizes and tiers, and what starting
// costs.

import { parseArgs } from 'node:util'
import { Failure, main } from '../scripts/lib/run.mjs'
import { withServers } from '../scripts/lib/servers/with-servers.mjs'
import { groups, startFigures } from './growth-groups.mjs'
import { measure } from './lib/child.mjs'
import { conditions } from './lib/conditions.mjs'
import { growthTables, startTable } from './lib/growth-markdown.mjs'
import { conditionsText } from './lib/markdown.mjs'
import { prepare } from './lib/prepare.mjs'
import { redisInfo } from './lib/servers.mjs'
import { summary } from './lib/statistics.mjs'
import { writeGrowth } from './lib/write.mjs'

const help = `npm run bench:growth -- [options]

  --rounds N   how often each point is measured (3)
  --millis N   how long each measurement takes (1000)
  --only TEXT  only the groups whose name contains one of the texts, separated by commas: ${names().join(', ')}
  --most N     no point beyond this number
  --write      also write growth.json, growth.md and the charts to docs/performance/
  --as-is      measure the addon that is there instead of building it`

/** How many fresh processes tell what starting costs. */
const starts = 15

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    millis: { type: 'string', default: '1000' },
    only: { type: 'string', default: '' },
    most: { type: 'string', default: 'Infinity' },
    write: { type: 'boolean', default: false },
    'as-is': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false }
  }
})
const rounds = Number(options.rounds)
const millis = Number(options.millis)

function names() {
  return [...groups.map(({ id }) => id), 'start']
}

const wanted = (name) => options.only.split(',').some((part) => name.includes(part))

/** Measures all series at a point, round after round. */
async function measurePoint({ series, workload, node }, point, context) {
  const measured = Object.fromEntries(Object.keys(series).map((label) => [label, []]))
  for (let round = 0; round < rounds; round++) {
    const labels = Object.keys(series)
    for (let n = 0; n < labels.length; n++) {
      const label = labels[(n + round) % labels.length]
      const whole = { workload, millis, ...series[label](point) }
      measured[label].push(await measure(whole, { ...context, node }))
    }
  }
  return Object.fromEntries(Object.entries(measured).map(([label, all]) => [label, summary(all)]))
}

async function measureGroup(group, context) {
  const points = []
  for (const point of group.points.filter((point) => point <= Number(options.most))) {
    points.push({ point, series: await measurePoint(group, point, context) })
  }
  return { id: group.id, title: group.title, x: group.x, points }
}

async function measureStart(context) {
  const all = []
  for (let n = 0; n < starts; n++) all.push(await measure({ workload: 'start' }, context))
  return summary(all)
}

async function run({ env, signal }) {
  const context = { env, signal }
  const redis = env.REDKV_TEST_REDIS_URL ? await redisInfo(env.REDKV_TEST_REDIS_URL) : {}
  const versions = redis.redis_version ? { 'redis-server': redis.redis_version } : {}
  const where = conditions({ options: { rounds, millis }, versions })
  const results = []
  for (const group of groups.filter(({ id }) => wanted(id))) {
    const result = await measureGroup(group, context)
    results.push(result)
    console.log(`\n${growthTables(group, result)}`)
  }
  const start = wanted('start') ? await measureStart(context) : undefined
  if (start) console.log(`\n${startTable(startFigures, start)}`)
  const report = { conditions: where.after(), groups: results, start }
  console.log(conditionsText(report.conditions))
  if (options.write) for (const path of writeGrowth(report)) console.log(`written: ${path}`)
}

await main(async () => {
  if (options.help) return console.log(help)
  const chosen = names().filter(wanted)
  if (chosen.length === 0) throw new Failure(`no group is left of ${names().join(', ')}`)
  if (options.write && (options.only || options.most !== 'Infinity')) throw new Failure('--write is for all of it')
  await prepare({ asIs: options['as-is'] })
  const needed = chosen.flatMap((name) => groups.find(({ id }) => id === name)?.servers ?? ['redis'])
  await withServers({ only: [...new Set(needed)] }, run)
})
