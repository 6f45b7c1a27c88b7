'use strict'

// Serves the statistics of a chain to Prometheus, without a client library: `node examples/prometheus.js`, then
// `curl localhost:9464/metrics`.

const { createServer } = require('node:http')

const RedKV = require('..')

/** Metrics of each store: the name, its kind, what it tells, and where it is in the statistics of a store. */
const metrics = [
  ['hits_total', 'counter', 'Keys that were there', (store) => store.hits],
  ['misses_total', 'counter', 'Keys that were not there', (store) => store.misses],
  ['sets_total', 'counter', 'Entries taken from writes', (store) => store.sets],
  ['deletes_total', 'counter', 'Keys deleted', (store) => store.deletes],
  ['backfills_total', 'counter', 'Entries taken from later stores', (store) => store.backfills],
  ['backfills_dropped_total', 'counter', 'Entries from later stores not taken', (store) => store.backfillsDropped],
  ['read_bytes_total', 'counter', 'Bytes of values read', (store) => store.bytesRead],
  ['written_bytes_total', 'counter', 'Bytes of values written', (store) => store.bytesWritten],
  ['refused_total', 'counter', 'Keys not asked for while the store was down', (store) => store.refused],
  ['pending', 'gauge', 'Keys being asked for', (store) => store.pending],
  ['stale', 'gauge', 'Whether reads skip the store for all keys', (store) => Number(store.isStale)],
  ['stale_keys', 'gauge', 'Keys for which reads skip the store', (store) => store.staleKeys],
  ['down', 'gauge', 'Whether the store is left out', (store) => Number(store.isDown)],
]

const labelled = (labels) => `{${Object.entries(labels).map(([name, value]) => `${name}="${value}"`).join(',')}}`

/** The statistics in the text format of Prometheus; times are in seconds. */
function prometheusText({ stores }) {
  const lines = []
  const describe = (name, kind, help) => lines.push(`# HELP redkv_${name} ${help}.`, `# TYPE redkv_${name} ${kind}`)
  const labelsOf = ({ store, index }) => ({ store, index })
  for (const [name, kind, help, read] of metrics) {
    describe(name, kind, help)
    for (const store of stores) lines.push(`redkv_${name}${labelled(labelsOf(store))} ${read(store)}`)
  }
  describe('errors_total', 'counter', 'Keys that failed')
  for (const store of stores) {
    for (const [code, count] of Object.entries(store.errors)) {
      lines.push(`redkv_errors_total${labelled({ ...labelsOf(store), code })} ${count}`)
    }
  }
  describe('request_seconds', 'summary', 'How long requests to a store took')
  for (const store of stores) {
    for (const [operation, { count, sum, p50, p90, p99 }] of Object.entries(store.latency)) {
      const labels = { ...labelsOf(store), operation }
      for (const [quantile, micros] of [[0.5, p50], [0.9, p90], [0.99, p99]]) {
        lines.push(`redkv_request_seconds${labelled({ ...labels, quantile })} ${micros / 1e6}`)
      }
      lines.push(`redkv_request_seconds_sum${labelled(labels)} ${sum / 1e6}`)
      lines.push(`redkv_request_seconds_count${labelled(labels)} ${count}`)
    }
  }
  return `${lines.join('\n')}\n`
}

/** A server that answers with the statistics of `kv`. */
function serve(kv, port) {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4')
    response.end(prometheusText(kv.stats()))
  })
  return server.listen(port)
}

module.exports = { prometheusText, serve }

if (require.main === module) {
  const kv = new RedKV()
  kv.addStore('memory', { maxEntries: 10_000 }, { ttl: '1m' })
  kv.addStore('sqlite', { path: ':memory:' })
  serve(kv, 9464)
  setInterval(() => kv.set(`key ${Math.random()}`, 'value').then(() => kv.get('missing')), 1000)
  console.log('http://localhost:9464/metrics')
}
