// The results as Markdown.

import { digits } from './digits.mjs'

const table = (rows) => rows.map((row) => `| ${row.join(' | ')} |`)

/** The lines of a table. */
export function withHead(head, rows) {
  return [...table([head, head.map((_, column) => (column === 0 ? '---' : '---:'))]), ...table(rows)]
}

const micros = (nanos) => digits(nanos / 1000)
const thousands = (number) => digits(number / 1000)

/** The table of one comparison. */
export function comparisonTable({ title, clients }) {
  const [[, ours]] = Object.entries(clients)
  const requests = Object.values(clients).some(({ median }) => median.requests !== undefined)
  const head = ['', 'k/s', 'min–max', 'redkv is', 'ns', 'p50 µs', 'p99 µs', 'main µs', 'process µs', 'server µs']
  const rows = Object.entries(clients).map(([client, { median, min, max }]) => [
    client,
    thousands(median.perSecond),
    `${thousands(min.perSecond)}–${thousands(max.perSecond)}`,
    `${digits(ours.median.perSecond / median.perSecond)}x`,
    digits(median.nanos),
    micros(median.p50),
    micros(median.p99),
    micros(median.mainCpu),
    micros(median.totalCpu),
    micros(median.serverCpu),
    ...(requests ? [digits(median.requests)] : [])
  ])
  return [`### ${title}`, '', ...withHead([...head, ...(requests ? ['requests'] : [])], rows), ''].join('\n')
}

export const legend =
  'Medians of the rounds, with the least and the greatest throughput. `ns`: time by the clock for each operation; ' +
  '`main`, `process`, `server`: CPU of the JavaScript thread, of the whole process and of the server for each ' +
  'operation.'

/** Asked and reached. */
export function targetTable(judged) {
  const rows = judged.map(({ what, asked, least, peers, peer, ratio, met }) => [
    what,
    peers.length > 1 ? `best of ${peers.join(', ')}` : peers[0],
    `${least ? '≥' : '≤'} ${digits(asked)}x`,
    ratio === undefined ? 'not measured' : `${digits(ratio)}x${peers.length > 1 ? ` (${peer})` : ''}`,
    met === undefined ? '' : met ? 'reached' : '**short**'
  ])
  const head = ['redkv beside', 'peer', 'asked', 'reached', '']
  return ['### Asked and reached', '', ...withHead(head, rows), ''].join('\n')
}

/** Under which conditions. */
export function conditionsText({ date, cpu, cores, system, memory, node, load, versions, options }) {
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return [
    `- ${date}; ${cores} x ${cpu}, ${memory}; ${system}; Node.js ${node}`,
    `- load average of the last minute: ${load.before} before, ${load.after} after (the measurements included)`,
    `- ${options.rounds} rounds of ${options.millis} ms, alternating between the clients`,
    `- ${named.join(', ')}`,
    ''
  ].join('\n')
}
