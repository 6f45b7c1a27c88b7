'use strict'

const { randomUUID } = require('node:crypto')

/** Makes a bucket for the time of the test, and resolves with its name. The emulator checks no signature. */
async function freshBucket(t, endpoint) {
  const bucket = `redkv-${randomUUID()}`
  const call = async (method) => {
    const response = await fetch(`${endpoint}/${bucket}`, { method })
    if (!response.ok && method === 'PUT') throw new Error(`no bucket: status ${response.status}: ${await response.text()}`)
  }
  await call('PUT')
  t.after(() => call('DELETE'))
  return bucket
}

/** The options of a client that talks to a test server. */
function clientOptions(endpoint) {
  return { endpoint, forcePathStyle: true, accessKeyId: 'test', secretAccessKey: 'test' }
}

module.exports = { clientOptions, freshBucket }
