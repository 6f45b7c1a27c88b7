// Which figures are drawn.

const everyRedis = (kind) => [1, 10, 100, 1000].map((outstanding) => [`redis ${kind} ${outstanding}`, outstanding])

const byThroughput = { of: ({ perSecond }) => perSecond / 1000, note: 'thousand operations a second: more is better' }
const byMainCpu = {
  of: ({ mainCpu }) => mainCpu / 1000,
  note: 'microseconds of the JavaScript thread for each operation: less is better'
}

const outstandingPanels = (kind) => everyRedis(kind).map(([id, outstanding]) => [id, `${outstanding} outstanding`])

/** A chart: a file, a title, what is drawn, and the comparisons with their headings. */
export const charts = [
  {
    file: 'memory',
    title: 'From memory',
    ...byThroughput,
    panels: [
      ['memory get', 'a hit in memory, awaited'],
      ['memory set', 'a write to memory, awaited'],
      ['tiered hit', 'memory in front of Redis, a hit in memory']
    ]
  },
  {
    file: 'tiers',
    title: 'Memory in front of Redis, filled from Redis',
    ...byThroughput,
    panels: [
      ['back-fill 100', '100 reads outstanding'],
      ['back-fill 1000', '1,000 reads outstanding']
    ]
  },
  { file: 'redis-get', title: 'Redis GET of 100 bytes', ...byThroughput, panels: outstandingPanels('get') },
  { file: 'redis-set', title: 'Redis SET of 100 bytes', ...byThroughput, panels: outstandingPanels('set') },
  {
    file: 'redis-main-thread',
    title: 'What a Redis GET costs the JavaScript thread',
    ...byMainCpu,
    panels: outstandingPanels('get')
  },
  {
    file: 'dynamodb',
    title: 'DynamoDB (emulator), 1,000 distinct keys in one turn',
    ...byThroughput,
    panels: [
      ['dynamodb get', 'gets'],
      ['dynamodb set', 'sets']
    ]
  }
]

/** The panels of a chart, filled from the results; bars that are not known are left out. */
export function panelsOf({ panels, of }, comparisons) {
  return panels.flatMap(([id, title]) => {
    const clients = comparisons.find((comparison) => comparison.id === id)?.clients ?? {}
    const all = Object.entries(clients).map(([label, { median }]) => ({ label, value: of(median) }))
    const bars = all.filter(({ value }) => Number.isFinite(value))
    return bars.length > 0 ? [{ title, bars }] : []
  })
}
