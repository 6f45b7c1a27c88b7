// What RedKV has to reach beside the others, and what it reached.

const tuned = 'node-redis tuned'
const allRedis = ['node-redis', tuned, 'ioredis', 'ioredis auto', 'glide']
const allTiered = ['cache-manager wrap', 'cacheable', 'bentocache', 'bentocache tuned']

const perSecond = ({ perSecond }) => perSecond
const p50 = ({ p50 }) => p50
const mainCpu = ({ mainCpu }) => mainCpu
const serverCpu = ({ serverCpu }) => serverCpu
const requests = ({ requests }) => requests

/** At least `asked` times the fastest of the peers. */
const faster = (asked, id, peers) => ({ what: `${id}: operations/s`, id, peers, of: perSecond, asked, least: true })

/** At most `asked` times the lowest of the peers. What `without` took, the harness alone, counts for neither. */
const lower = (asked, id, of, peers, what, without) => ({
  what: `${id}: ${what}`,
  id,
  peers,
  of,
  asked,
  least: false,
  without
})

/** The clients of data structures in Redis, and those that make an atomic write with a script. */
const ofStructures = [tuned, 'ioredis auto']
const scripts = [`${tuned}, script`, 'ioredis auto, script']

export const targets = [
  faster(2.5, 'memory get', ['cache-manager']),
  ...['keyv', 'keyv tuned'].map((peer) => faster(10, 'memory get', [peer])),
  ...['cacheable', 'bentocache', 'bentocache tuned'].map((peer) => faster(20, 'memory get', [peer])),
  faster(0.5, 'memory get', ['Map']),
  faster(3, 'memory set', ['unstorage']),
  faster(3, 'memory set', ['cache-manager']),
  ...[...allTiered, 'cache-manager'].map((peer) => faster(15, 'tiered hit', [peer])),
  faster(3, 'back-fill 100', allTiered),
  faster(6, 'back-fill 1000', allTiered),
  ...['redis get', 'redis set'].flatMap((kind) => [
    lower(1.1, `${kind} 1`, p50, [tuned], 'p50'),
    lower(0.9, `${kind} 1`, mainCpu, [tuned], 'main-thread CPU'),
    faster(1, `${kind} 10`, allRedis),
    faster(1.4, `${kind} 100`, [tuned]),
    faster(6, `${kind} 100`, ['node-redis']),
    faster(2.5, `${kind} 100`, ['ioredis auto']),
    lower(0.4, `${kind} 100`, mainCpu, [tuned], 'main-thread CPU'),
    faster(2.2, `${kind} 1000`, [tuned]),
    lower(0.3, `${kind} 1000`, mainCpu, [tuned], 'main-thread CPU')
  ]),
  faster(2, 'redis get 10 kB', allRedis),
  faster(1.5, 'redis set 10 kB', allRedis),
  faster(1.05, 'redis getMany 1', [tuned]),
  faster(1.3, 'redis getMany 10', [tuned]),
  faster(5, 'memory getMany', ['cache-manager']),
  lower(1, 'open loop 20 k', p50, allRedis, 'p50'),
  lower(1, 'open loop 100 k', p50, allRedis, 'p50'),
  lower(0.5, 'open loop 20 k', mainCpu, [tuned], 'main-thread CPU'),
  lower(0.35, 'open loop 100 k', mainCpu, [tuned], 'main-thread CPU'),
  lower(0.5, 'open loop 20 k', mainCpu, [tuned], 'main-thread CPU without the harness', 'Map'),
  lower(0.35, 'open loop 100 k', mainCpu, [tuned], 'main-thread CPU without the harness', 'Map'),
  faster(5, 'dynamodb get', ['lib-dynamodb']),
  lower(1 / 50, 'dynamodb get', requests, ['lib-dynamodb'], 'requests'),
  faster(5, 'dynamodb set', ['lib-dynamodb']),
  lower(1 / 20, 'dynamodb set', requests, ['lib-dynamodb'], 'requests'),
  lower(1, 'redis get 1000', serverCpu, allRedis, 'server CPU'),
  lower(1, 'redis set 1000', serverCpu, allRedis, 'server CPU'),
  ...['hGetAll', 'zAdd', 'zRangeByScore', 'sMembers'].flatMap((operation) => [
    lower(1.1, `structures ${operation} 1`, p50, ofStructures, 'p50'),
    faster(1.3, `structures ${operation} 100`, ofStructures),
    lower(0.5, `structures ${operation} 100`, mainCpu, ofStructures, 'main-thread CPU')
  ]),
  faster(1.3, 'structures atomic 100', ofStructures),
  faster(0.9, 'structures atomic 100', scripts),
  faster(20, 'structures dynamodb get', ['lib-dynamodb']),
  faster(1, 'structures dynamodb zRangeByScore 1', ['lib-dynamodb']),
  faster(1, 'structures dynamodb zRangeByScore 10', ['lib-dynamodb']),
  faster(20, 'records get', ['lib-dynamodb']),
  faster(1.5, 'records list', ['lib-dynamodb']),
  ...['get', 'list'].map((operation) => lower(0.5, `records ${operation}`, mainCpu, ['lib-dynamodb'], 'main-thread CPU'))
]

/** The best of the peers that were measured. */
function best({ peers, of, least }, medians) {
  const known = peers.filter((peer) => medians[peer] && Number.isFinite(of(medians[peer])))
  known.sort((a, b) => (of(medians[a]) - of(medians[b])) * (least ? -1 : 1))
  return known[0]
}

/**
 * What was reached: `ratio` and `met`, or neither when a client was not measured.
 *
 * @param {Record<string, Record<string, object>>} results the medians of each client, for each comparison
 */
export function judge(target, results) {
  const { what, id, peers, of, asked, least, without } = target
  const medians = results[id] ?? {}
  const peer = best(target, medians)
  const row = { what, asked, least, peers }
  if (peer === undefined || !medians.redkv) return row
  const harness = without ? of(medians[without] ?? {}) : 0
  const ratio = (of(medians.redkv) - harness) / (of(medians[peer]) - harness)
  // Less than the harness alone is noise: there is no ratio.
  if (!(ratio > 0 && Number.isFinite(ratio))) return row
  return { ...row, peer, ratio, met: least ? ratio >= asked : ratio <= asked }
}
