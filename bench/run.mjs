// `npm run bench`: RedKV beside other packages. Every client runs in a process of its own, rounds alternate, and the
// figures are medians with the range of the rounds. Options: `--rounds N` (5), `--millis N` of each measurement (1500).

import { cpus, release } from 'node:os'
import { parseArgs } from 'node:util'

import { main, must, npm, read, root } from '../scripts/lib/run.mjs'
import { setup } from '../scripts/lib/setup.mjs'
import { withServers } from '../scripts/lib/with-servers.mjs'

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, millis: { type: 'string', default: '1500' } }
})

const comparisons = [
  { title: 'A hit in memory, awaited one after the other', clients: ['redkv memory', 'Map'], outstanding: 1 },
  ...[1, 100, 1000].map((outstanding) => ({
    title: `Redis GET of 100 bytes, ${outstanding} outstanding`,
    clients: ['redkv redis', 'node-redis 6', 'node-redis 6, timeout: 0'],
    outstanding
  }))
]

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]

async function measure(client, outstanding, env) {
  const args = ['bench/measure.mjs', client, String(outstanding), options.millis]
  return JSON.parse(await read(process.execPath, args, { cwd: root, env }))
}

async function compare({ clients, outstanding }, env) {
  const results = new Map(clients.map((client) => [client, []]))
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const client of clients) results.get(client).push(await measure(client, outstanding, env))
  }
  return results
}

function print(title, results) {
  const [ours] = results.values()
  const speed = (rounds) => median(rounds.map((round) => round.perSecond))
  console.log(`\n**${title}**\n`)
  console.log('| client | ops/s (range) | redkv is | ns/op | p50 us | p99 us | main thread us/op | process us/op |')
  console.log('|---|---|---|---|---|---|---|---|')
  for (const [client, rounds] of results) {
    const of = (name, digits) => median(rounds.map((round) => round[name])).toFixed(digits)
    const range = [Math.min, Math.max].map((pick) => Math.round(pick(...rounds.map((r) => r.perSecond)) / 1000))
    const ratio = `${(speed(ours) / speed(rounds)).toFixed(2)}x`
    console.log(
      `| ${client} | ${Math.round(speed(rounds) / 1000)} k (${range.join('-')}) | ${ratio} | ${of('nanos', 0)} ` +
        `| ${of('p50', 1)} | ${of('p99', 1)} | ${of('mainCpu', 2)} | ${of('totalCpu', 2)} |`
    )
  }
}

await main(async () => {
  await setup()
  await must(...npm('ci', '--no-audit', '--no-fund', '--loglevel=error'), { cwd: `${root}/bench` })
  await withServers({ only: ['redis'] }, async ({ env }) => {
    const [{ model }, ...others] = cpus()
    console.log(`\n${others.length + 1} x ${model}, ${process.platform} ${release()}, Node.js ${process.version}`)
    console.log(`medians of ${options.rounds} alternating rounds of ${options.millis} ms`)
    for (const comparison of comparisons) print(comparison.title, await compare(comparison, env))
  })
})
