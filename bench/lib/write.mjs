// Writes results into docs/performance/.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../scripts/lib/run.mjs'
import { charts, panelsOf } from '../charts.mjs'
import { groups, startFigures } from '../growth-groups.mjs'
import { growthTables, startTable } from './growth-markdown.mjs'
import { comparisonTable, conditionsText, legend, targetTable } from './markdown.mjs'
import { barChart, lineChart } from './svg.mjs'

const folder = join('docs', 'performance')

/** Writes files, by name, and returns their paths. */
function writeFiles(files) {
  mkdirSync(join(root, folder), { recursive: true })
  return Object.entries(files).map(([name, content]) => {
    writeFileSync(join(root, folder, name), content)
    return join(folder, name)
  })
}

/** In one line: for the foot of a chart. */
function shortly({ date, cpu, cores, node }) {
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

/** The charts of how cost grows: file name and image. */
function growthCharts({ conditions, groups: results }) {
  return results.flatMap(({ id, title, x, points }) =>
    groups
      .find((group) => group.id === id)
      .figures.map(({ file, y, of, linear }) => {
        const labels = Object.keys(points[0].series)
        const series = labels.map((label) => ({
          label,
          points: points.map((at) => [at.point, of(at.series[label].median)]).filter(([, value]) => value > 0)
        }))
        return [`${file}.svg`, title, lineChart({ title, x, y: `${y} · ${shortly(conditions)}`, linear, series })]
      })
  )
}

/** Writes JSON, Markdown and charts of how cost grows. */
export function writeGrowth(report) {
  const drawn = growthCharts(report)
  const parts = [
    '# How cost grows, and what starting costs',
    '',
    'Written by `npm run bench:growth -- --write`; medians of the rounds.',
    '',
    conditionsText(report.conditions),
    startTable(startFigures, report.start),
    ...report.groups.flatMap((result) => [
      growthTables(
        groups.find(({ id }) => id === result.id),
        result
      ),
      ...drawn.flatMap(([name, title]) => (title === result.title ? [`![${title}](${name})`] : [])),
      ''
    ])
  ]
  return writeFiles({
    'growth.json': `${JSON.stringify(report, null, 1)}\n`,
    'growth.md': `${parts.join('\n').trimEnd()}\n`,
    ...Object.fromEntries(drawn.map(([name, , svg]) => [name, svg]))
  })
}
