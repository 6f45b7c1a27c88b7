'use strict'

const { parentPort, workerData } = require('node:worker_threads')
const RedKV = require('../..')

const kv = new RedKV()
for (const [name, options, tier] of workerData) kv.addStore(name, options, tier)
const ignore = () => {}
for (let n = 0; n < 500; n += 1) kv.set(`worker-${n}`, 'value').then(() => kv.get(`worker-${n}`)).catch(ignore)
kv.get('worker-0').catch(ignore).then(() => parentPort.postMessage('busy'))
