// `npm run bench:instructions`: how many instructions of the addon an operation takes, counted by valgrind's callgrind
// (Linux). Unlike times, counts hardly differ from run to run, so they show small changes on a busy machine.
//
//     npm run bench:instructions -- [FOLDER ...]
//
// Each FOLDER is a built checkout; without one it is this checkout, as it is built. With two, the ratios of the second to
// the first are printed. Everything in the addon counts, on all of its threads; Node.js, the system and its libraries do not.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { addonFile } from '../scripts/lib/platform.mjs'
import { Failure, heading, main, root, run } from '../scripts/lib/run.mjs'
import { ServerHost } from '../scripts/lib/servers/server-host.mjs'
import { withServers } from '../scripts/lib/servers/with-servers.mjs'

/** What is counted, and how many operations are enough: the cost of one is the difference of two runs. */
const workloads = [
  { workload: 'memory get', count: 10_000 },
  { workload: 'memory set', count: 10_000 },
  { workload: 'memory getMany', count: 500 },
  { workload: 'redis get', count: 2_000 },
  { workload: 'redis set', count: 2_000 },
  { workload: 'redis getMany', count: 200 },
  { workload: 'redis setMany', count: 200 },
]
const rounds = 3

/** The instructions that the addon itself executed, of a file that callgrind wrote. */
function instructionsOfAddon(report) {
  const isAddon = new Map()
  let [counts, isInclusive, sum] = [false, false, 0]
  for (const line of report.split('\n')) {
    const [, id, name] = /^ob=\((\d+)\)(?: (.*))?$/.exec(line) ?? []
    if (id !== undefined) {
      if (name !== undefined) isAddon.set(id, name.endsWith('.node'))
      counts = isAddon.get(id)
    } else if (/^c?ob=/.test(line)) {
      const [, called, calledName] = /^cob=\((\d+)\)(?: (.*))?$/.exec(line) ?? []
      if (calledName !== undefined) isAddon.set(called, calledName.endsWith('.node'))
    } else if (line.startsWith('calls=')) {
      // The next line is the cost of the call with all that it calls.
      isInclusive = true
    } else if (/^[\d+*-]/.test(line)) {
      if (counts && !isInclusive) sum += Number(line.split(' ')[1])
      isInclusive = false
    }
  }
  return sum
}

/** The instructions in one run of a workload. */
async function counted({ program, folder, workload, count, env, signal }) {
  const temporary = mkdtempSync(join(tmpdir(), 'redkv-instructions-'))
  try {
    const report = join(temporary, 'callgrind.out')
    const child = join(root, 'bench', 'instructions', 'child.mjs')
    const valgrind = ['--tool=callgrind', `--callgrind-out-file=${report}`, '--quiet']
    // Without a compiler of its own, Node.js does the same in each run.
    const node = [process.execPath, '--jitless', '--no-expose-wasm', '--predictable-gc-schedule', child, folder, workload, String(count)]
    const { code } = await run(program, [...valgrind, ...node], { env, signal })
    if (code !== 0) throw new Failure(`${workload} failed in ${folder} (exit code ${code})`)
    return instructionsOfAddon(readFileSync(report, 'utf8'))
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}

const median = (numbers) => numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)]

/** The instructions of one operation: the median of some rounds. */
async function perOperation({ workload, count, ...rest }) {
  const costs = []
  for (let round = 0; round < rounds; round += 1) {
    const few = await counted({ workload, count, ...rest })
    const many = await counted({ workload, count: 2 * count, ...rest })
    costs.push((many - few) / count)
  }
  return median(costs)
}

await main(async () => {
  if (process.platform !== 'linux') throw new Failure('valgrind is only used on Linux')
  const given = process.argv.slice(2).map((folder) => resolve(folder))
  const folders = given.length > 0 ? given : [root]
  await withServers({ only: ['redis'] }, async ({ env, signal }) => {
    const host = new ServerHost(signal, () => {})
    const program = await host.program('valgrind', 'valgrind').finally(() => host.stop())
    heading(`Counting the instructions of ${addonFile}`)
    const ratio = folders.length === 2 ? ' ratio |' : ''
    console.log(`| one operation | ${folders.map((_, index) => `instructions (${index + 1})`).join(' | ')} |${ratio}`)
    console.log(`|---|${folders.map(() => '---|').join('')}${ratio && '---|'}`)
    for (const { workload, count } of workloads) {
      const costs = []
      for (const folder of folders) costs.push(await perOperation({ program, folder, workload, count, env, signal }))
      const cells = costs.map((cost) => Math.round(cost).toLocaleString('en'))
      if (ratio) cells.push((costs[1] / costs[0]).toFixed(3))
      console.log(`| ${workload} | ${cells.join(' | ')} |`)
    }
  })
})
