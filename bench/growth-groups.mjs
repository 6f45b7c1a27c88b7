// How cost grows: with what, for whom, and which figures are drawn.

const nanos = ({ nanos }) => nanos
const micros = ({ nanos }) => nanos / 1000

const redis = { role: 'redis', workload: 'get' }

/** Chains of so many stores: those in front never have what is read. */
const missing = (tiers, last) => ({ role: 'chain', args: [[...Array(tiers - 1).fill('miss'), last]] })

/**
 * `series` gives for each label the specification of a measurement at a point; `figures` are drawn, each in a chart.
 */
export const groups = [
  {
    id: 'entries',
    title: 'Memory with many entries of 100 bytes',
    x: 'entries',
    points: [10_000, 100_000, 1_000_000, 5_000_000],
    servers: [],
    node: ['--expose-gc', '--max-old-space-size=8192'],
    workload: 'memory-growth',
    series: {
      redkv: (entries) => ({ client: 'redkv', role: 'memory', entries }),
      'redkv, bounded': (entries) => ({ client: 'redkv', role: 'bounded', entries }),
      Map: (entries) => ({ client: 'Map', role: 'memory', entries }),
      'lru-cache': (entries) => ({ client: 'lru-cache', role: 'bounded', entries })
    },
    figures: [
      { file: 'growth-entries-time', y: 'nanoseconds for a hit, awaited', of: nanos },
      { file: 'growth-entries-memory', y: 'bytes of memory for an entry', of: ({ bytes }) => bytes }
    ]
  },
  {
    id: 'outstanding',
    title: 'Redis GET of 100 bytes with many outstanding',
    x: 'outstanding',
    points: [1, 10, 100, 1000, 5000, 20_000],
    servers: ['redis'],
    series: Object.fromEntries(
      ['redkv', 'node-redis tuned', 'ioredis auto', 'glide'].map((client) => [
        client,
        (outstanding) => ({ ...redis, client, outstanding, count: 65_536 })
      ])
    ),
    figures: [
      { file: 'growth-outstanding-time', y: 'microseconds by the clock for an operation', of: micros },
      {
        file: 'growth-outstanding-main-thread',
        y: 'microseconds of the JavaScript thread for an operation',
        of: ({ mainCpu }) => mainCpu / 1000
      }
    ]
  },
  {
    id: 'size',
    title: 'Redis with values of many sizes, 16 outstanding',
    x: 'bytes of a value',
    points: [10, 100, 1000, 10_000, 100_000, 1_000_000],
    servers: ['redis'],
    series: Object.fromEntries(
      ['redkv', 'node-redis tuned'].flatMap((client) =>
        ['get', 'set'].map((workload) => [
          `${client} ${workload}`,
          (size) => ({ client, role: 'redis', workload, outstanding: 16, size, count: countFor(size) })
        ])
      )
    ),
    figures: [{ file: 'growth-size', y: 'microseconds by the clock for an operation', of: micros }]
  },
  {
    id: 'tiers',
    title: 'Chains of many tiers, those in front without what is read',
    x: 'tiers',
    points: [1, 2, 3, 4, 5],
    servers: ['redis'],
    series: {
      'hit in the first': (tiers) => ({
        client: 'redkv',
        workload: 'memory-get',
        role: 'chain',
        args: [Array(tiers).fill('memory')]
      }),
      'hit in the last': (tiers) => ({ client: 'redkv', workload: 'memory-get', ...missing(tiers, 'memory') }),
      'the last is Redis': (tiers) => ({
        client: 'redkv',
        workload: 'get',
        outstanding: 100,
        ...missing(tiers, 'redis')
      }),
      'the last is SQLite': (tiers) => ({
        client: 'redkv',
        workload: 'get',
        outstanding: 100,
        ...missing(tiers, 'sqlite')
      })
    },
    figures: [{ file: 'growth-tiers', y: 'nanoseconds by the clock for an operation', of: nanos, linear: true }]
  }
]

/** As many keys as fit into 64 MB, a power of two, at most 8192. */
function countFor(size) {
  return Math.min(8192, 1 << Math.floor(Math.log2(64_000_000 / size)))
}

/** What starting costs: what is asked of each figure, if anything. */
export const startFigures = [
  { name: 'requireMillis', what: '`require(\'redkv\')` in a fresh process (files in the page cache), ms', most: 15 },
  { name: 'addonBytes', what: 'the addon, bytes', most: 14_000_000 },
  { name: 'threadsMade', what: 'threads that `new RedKV()` starts', most: 0 },
  { name: 'threadsWithMemory', what: 'threads after the first use of a memory store' },
  { name: 'threadsWithRedis', what: 'threads after the first use of a Redis store' }
]
