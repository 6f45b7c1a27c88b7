// How cost grows, as Markdown.

import { digits } from './digits.mjs'
import { withHead } from './markdown.mjs'

/** A table for each figure of a group: a row for each point, a column for each series. */
export function growthTables({ figures }, { title, x, points }) {
  const labels = Object.keys(points[0]?.series ?? {})
  const tables = figures.flatMap(({ y, of }) => {
    const rows = points.map(({ point, series }) => [
      point.toLocaleString('en'),
      ...labels.map((label) => digits(of(series[label].median)))
    ])
    return [`In ${y}:`, '', ...withHead([x, ...labels], rows), '']
  })
  return [`### ${title}`, '', ...tables].join('\n')
}

/** What starting costs, beside what is asked. */
export function startTable(figures, { median, min, max }) {
  const rows = figures.map(({ name, what, most }) => [
    what,
    digits(median[name]),
    `${digits(min[name])}–${digits(max[name])}`,
    most === undefined ? '' : `≤ ${most}`,
    most === undefined || !Number.isFinite(median[name]) ? '' : median[name] <= most ? 'reached' : '**short**'
  ])
  return ['### Start and size', '', ...withHead(['', 'median', 'min–max', 'asked', ''], rows), ''].join('\n')
}
