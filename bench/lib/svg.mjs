// Charts as SVG, without dependencies. They bring their own page: an image follows the browser between light and dark,
// whatever the page round it does.

import { digits } from './digits.mjs'

const style = `
  .page { fill: #ffffff }
  text { font: 12px system-ui, sans-serif; fill: #24292f }
  .title { font-size: 15px; font-weight: 600 }
  .head { font-weight: 600 }
  .quiet { fill: #57606a; font-size: 11px }
  .bar { fill: #a9b4c0 }
  .ours { fill: #d1431f }
  .grid { stroke: #d0d7de; fill: none }
  .line { fill: none; stroke-width: 2 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 }
    text { fill: #e6edf3 }
    .quiet { fill: #9198a1 }
    .bar { fill: #59636e }
    .ours { fill: #f0724f }
    .grid { stroke: #3d444d }
  }`

/** Readable on white and on black. */
const colours = ['#d1431f', '#2f81f7', '#2da44e', '#bf8700', '#a371f7', '#8b949e']

const escape = (text) => String(text).replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)

const text = (x, y, content, attributes = '') => `<text x="${x}" y="${y}" ${attributes}>${escape(content)}</text>`

/** Round a chart, to the left and to the right. */
const margin = 20

function document(width, height, title, parts) {
  const [left, top, across, down] = [-margin, -margin / 2, width + 2 * margin, height + margin]
  const size = `viewBox="${left} ${top} ${across} ${down}" width="${across}"`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-label="${escape(title)}">`,
    `<style>${style}\n</style>`,
    `<rect class="page" x="${left}" y="${top}" width="${across}" height="${down}" rx="6"/>`,
    ...parts,
    '</svg>',
    ''
  ].join('\n')
}

/**
 * Horizontal bars in panels below each other, each panel with a scale of its own.
 *
 * @param {{ title: string, note: string, panels: { title: string, bars: { label: string, value: number }[] }[] }} chart
 */
export function barChart({ title, note, panels }) {
  const [width, left, right, row] = [760, 150, 90, 20]
  const parts = [text(0, 18, title, 'class="title"'), text(0, 36, note, 'class="quiet"')]
  let y = 62
  for (const { title: head, bars } of panels) {
    const most = Math.max(...bars.map(({ value }) => value))
    parts.push(text(0, y, head, 'class="head"'))
    y += 8
    for (const { label, value } of bars) {
      const length = Math.max(1, (value / most) * (width - left - right)).toFixed(1)
      const kind = label === 'redkv' ? 'ours' : 'bar'
      parts.push(
        text(left - 8, y + 14, label, 'text-anchor="end"'),
        `<rect class="${kind}" x="${left}" y="${y + 3}" width="${length}" height="${row - 6}" rx="2"/>`,
        text(left + Number(length) + 6, y + 14, digits(value), 'class="quiet"')
      )
      y += row
    }
    y += 26
  }
  return document(width, y - 12, title, parts)
}

/** The powers of ten around some numbers. */
function decades(numbers) {
  const from = Math.floor(Math.log10(Math.min(...numbers)))
  const to = Math.max(from + 1, Math.ceil(Math.log10(Math.max(...numbers))))
  return Array.from({ length: to - from + 1 }, (_, n) => from + n)
}

/** An axis from one to a number. */
function counted(last, start, end) {
  const step = (end - start) / Math.max(1, last - 1)
  const at = (number) => (start + (number - 1) * step).toFixed(1)
  return { ticks: Array.from({ length: last }, (_, n) => n + 1), at }
}

/** 1000000 as `1 M`. */
function short(number) {
  const [divisor, unit] = number >= 1e6 ? [1e6, ' M'] : number >= 1e3 ? [1e3, ' k'] : [1, '']
  return `${Number((number / divisor).toPrecision(3))}${unit}`
}

/**
 * Lines with logarithmic axes; `linear` is for an axis across that counts up from one.
 *
 * @typedef {{ label: string, points: [number, number][] }} Series
 * @param {{ title: string, x: string, y: string, linear?: boolean, series: Series[] }} chart
 */
export function lineChart({ title, x: xName, y: yName, linear = false, series }) {
  const [width, height, left, right, top, bottom] = [760, 392, 60, 150, 56, 46]
  const all = series.flatMap(({ points }) => points)
  const axis = (numbers, start, end) => {
    const steps = decades(numbers)
    const share = (number) => (Math.log10(number) - steps[0]) / (steps.at(-1) - steps[0])
    const scale = (number) => start + share(number) * (end - start)
    return { ticks: steps.map((step) => 10 ** step), at: (number) => scale(number).toFixed(1) }
  }
  const [across, up] = [0, 1].map((index) => all.map((point) => point[index]))
  const x = linear ? counted(Math.max(...across), left, width - right) : axis(across, left, width - right)
  const y = axis(up, height - bottom, top)
  const parts = [
    text(0, 18, title, 'class="title"'),
    text(0, 36, yName, 'class="quiet"'),
    text((left + width - right) / 2, height - 8, xName, 'class="quiet" text-anchor="middle"')
  ]
  for (const tick of x.ticks) {
    parts.push(`<path class="grid" d="M${x.at(tick)} ${top}V${height - bottom}"/>`)
    parts.push(text(x.at(tick), height - bottom + 16, short(tick), 'class="quiet" text-anchor="middle"'))
  }
  for (const tick of y.ticks) {
    parts.push(`<path class="grid" d="M${left} ${y.at(tick)}H${width - right}"/>`)
    parts.push(text(left - 6, Number(y.at(tick)) + 4, short(tick), 'class="quiet" text-anchor="end"'))
  }
  for (const [index, { label, points }] of series.entries()) {
    const colour = colours[index % colours.length]
    const path = points.map(([at, value], n) => `${n === 0 ? 'M' : 'L'}${x.at(at)} ${y.at(value)}`).join('')
    parts.push(`<path class="line" stroke="${colour}" d="${path}"/>`)
    parts.push(...points.map(([at, value]) => `<circle fill="${colour}" cx="${x.at(at)}" cy="${y.at(value)}" r="3"/>`))
    const row = top + 12 + index * 20
    parts.push(`<rect fill="${colour}" x="${width - right + 16}" y="${row - 9}" width="12" height="10" rx="2"/>`)
    parts.push(text(width - right + 34, row, label))
  }
  return document(width, height, title, parts)
}
