// `npm run bench:profile`: where the time of an operation goes, by samples of `perf` (Linux). Builds the addon with its
// symbols and without link-time optimisation, so shares are right to within a few percent, and absolute times are not
// those of the released addon. `--write` puts the tables into docs/performance/profile.md.

import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { addonFile } from '../scripts/lib/platform.mjs'
import { Failure, heading, main, must, root } from '../scripts/lib/run.mjs'
import { withServers } from '../scripts/lib/servers/with-servers.mjs'
import { conditions } from './lib/conditions.mjs'
import { conditionsText } from './lib/markdown.mjs'
import { prepare } from './lib/prepare.mjs'

const { values: options } = parseArgs({
  options: { millis: { type: 'string', default: '4000' }, write: { type: 'boolean', default: false } },
})

const workloads = [
  { title: 'A hit in memory', specification: { role: 'memory', workload: 'memory-get' } },
  { title: '100 keys from memory', specification: { role: 'memory', workload: 'memory-get-many' } },
  { title: 'Redis GET, 1 outstanding', specification: { role: 'redis', workload: 'get', outstanding: 1 } },
  { title: 'Redis GET, 1,000 outstanding', specification: { role: 'redis', workload: 'get', outstanding: 1000 } },
  { title: '100 keys from Redis, 1 outstanding', specification: { role: 'redis', workload: 'get-many', outstanding: 1 } },
  {
    title: 'Miss in memory, filled from Redis, 1,000 outstanding',
    specification: { role: 'tiered', workload: 'back-fill', outstanding: 1000 },
  },
]

/** What a sample is a part of: the first that fits. */
const parts = [
  ['kernel', ({ object }) => object.includes('kernel')],
  ['JavaScript', ({ object }) => /JIT|perf-\d+\.map/.test(object)],
  ['Node.js (V8, libuv, Node-API)', ({ object }) => object === 'node'],
  ['system libraries', ({ object }) => !object.startsWith('redkv.')],
  ['allocator', ({ symbol }) => /\bmi_|_mi_|__rust_alloc|__rust_dealloc|alloc_shim/.test(symbol)],
  ['binding', ({ symbol }) => symbol.includes('redkv_node')],
  ['Redis store', ({ symbol }) => symbol.includes('redkv::stores::redis')],
  ['memory store', ({ symbol }) => /redkv::stores::memory|quick_cache/.test(symbol)],
  ['redis crate: protocol and connection', ({ symbol }) => /redis::|combine|tokio_util|itoa/.test(symbol)],
  ['tasks and timers', ({ symbol }) => /tokio|async_task|redkv::executor|futures|mio/.test(symbol)],
  ['chain', ({ symbol }) => symbol.includes('redkv::')],
  ['other Rust code', () => true],
]

/** The shares of parts in the samples of each thread, in percent of all samples. */
function shares(report) {
  const threads = new Map()
  for (const line of report.split('\n')) {
    const [, percent, thread, object, symbol] = /^\s*([\d.]+)%\s+(\S+)\s+(\S+)\s+\[.\]\s+(.*)$/.exec(line) ?? []
    if (percent === undefined || !(thread === 'redkv-io' || /^(node|MainThread)/.test(thread))) continue
    const name = thread === 'redkv-io' ? 'I/O thread' : 'JavaScript thread'
    const [part] = parts.find(([, fits]) => fits({ object, symbol }))
    const counts = threads.get(name) ?? new Map()
    counts.set(part, (counts.get(part) ?? 0) + Number(percent))
    threads.set(name, counts)
  }
  return threads
}

function table(title, threads) {
  const names = [...threads.keys()].sort().reverse()
  const total = names.flatMap((name) => [...threads.get(name).values()]).reduce((sum, share) => sum + share, 0)
  const rows = parts.flatMap(([part]) => {
    const cells = names.map((name) => ((threads.get(name).get(part) ?? 0) / total) * 100)
    return cells.some((cell) => cell >= 0.5) ? [`| ${part} | ${cells.map((cell) => cell.toFixed(0)).join(' | ')} |`] : []
  })
  const head = [`| percent of the time of both | ${names.join(' | ')} |`, `| --- |${' ---: |'.repeat(names.length)}`]
  return [`### ${title}`, '', ...head, ...rows, ''].join('\n')
}

async function profile({ title, specification }, { env, signal }, folder) {
  const data = join(folder, 'perf.data')
  const measured = JSON.stringify({ ...specification, client: 'redkv', millis: Number(options.millis) })
  const quiet = `--logfile=${join(folder, 'v8.log')}`
  const node = [process.execPath, '--perf-basic-prof', quiet, 'bench/measure.mjs', measured]
  const record = ['record', '--quiet', '-e', 'cpu-clock', '-F', '4999', '-o', data, '--', ...node]
  await must('perf', record, { cwd: root, env, signal, stdio: ['ignore', 'pipe', 'pipe'] })
  const report = ['report', '-i', data, '--no-children', '--stdio', '--sort', 'comm,dso,symbol']
  return table(title, shares(await must('perf', report, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })))
}

await main(async () => {
  if (process.platform !== 'linux') throw new Failure('perf is a program of Linux: profiles are made there')
  await prepare({ asIs: true })
  heading('Building the addon with its symbols')
  await must('cargo', ['build', '--profile', 'quick', '--package', 'redkv-node'], { cwd: root })
  const folder = mkdtempSync(join(tmpdir(), 'redkv-profile-'))
  const [addon, released] = [join(root, addonFile), join(folder, addonFile)]
  copyFileSync(addon, released)
  copyFileSync(join(root, 'target', 'quick', 'libredkv_node.so'), addon)
  try {
    await withServers({ only: ['redis'] }, async (context) => {
      const where = conditions({ options: { rounds: 1, millis: Number(options.millis) } })
      const tables = []
      for (const workload of workloads) {
        tables.push(await profile(workload, context, folder))
        console.log(tables.at(-1))
      }
      const text = ['# Where the time goes', '', 'Written by `npm run bench:profile -- --write`.', '']
      const page = [...text, conditionsText(where.after()), ...tables].join('\n')
      if (options.write) writeFileSync(join(root, 'docs', 'performance', 'profile.md'), `${page.trimEnd()}\n`)
    })
  } finally {
    copyFileSync(released, addon)
    rmSync(folder, { recursive: true })
  }
})
