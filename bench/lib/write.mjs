// Writes results into docs/performance/.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../scripts/lib/run.mjs'
import { charts, panelsOf } from '../charts.mjs'
import { comparisonTable, conditionsText, legend, targetTable } from './markdown.mjs'
import { barChart } from './svg.mjs'

const folder = join('docs', 'performance')

/** Writes files, by name, and returns their paths. */
export function writeFiles(files) {
  mkdirSync(join(root, folder), { recursive: true })
  return Object.entries(files).map(([name, content]) => {
    writeFileSync(join(root, folder, name), content)
    return join(folder, name)
  })
}

/** In one line: for the foot of a chart. */
export function shortly({ date, cpu, cores, node }) {
  return `${date}, ${cores} x ${cpu}, Node.js ${node}`
}

function markdown({ conditions, comparisons, targets }, images) {
  const parts = [
    '# RedKV beside other packages',
    '',
    'Written by `npm run bench -- --write`; `bench/README.md` says what is measured and how.',
    '',
    conditionsText(conditions),
    targetTable(targets),
    ...images.map(([name, title]) => `![${title}](${name})`),
    '',
    '## Measured',
    '',
    legend,
    '',
    ...comparisons.map(comparisonTable)
  ]
  return `${parts.join('\n').trimEnd()}\n`
}

/** Writes JSON, Markdown and charts of a whole comparison. */
export function write(report) {
  const { conditions, comparisons } = report
  const drawn = charts.flatMap(({ file, title, note, ...chart }) => {
    const panels = panelsOf(chart, comparisons)
    const foot = `${note} · ${shortly(conditions)}`
    return panels.length > 0 ? [[`${file}.svg`, title, barChart({ title, note: foot, panels })]] : []
  })
  return writeFiles({
    'results.json': `${JSON.stringify(report, null, 1)}\n`,
    'results.md': markdown(report, drawn),
    ...Object.fromEntries(drawn.map(([name, , svg]) => [name, svg]))
  })
}
