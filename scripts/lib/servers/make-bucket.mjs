// A bucket on an S3 server that checks signatures, without an SDK.

import { createHash, createHmac } from 'node:crypto'

const hmac = (key, text) => createHmac('sha256', key).update(text).digest()
const digest = (text) => createHash('sha256').update(text).digest('hex')

/** Makes a bucket, with the access key `test` of the test servers. */
export async function makeBucket(endpoint, bucket) {
  const { host } = new URL(endpoint)
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const scope = [time.slice(0, 8), 'us-east-1', 's3', 'aws4_request']
  const signed = { host, 'x-amz-content-sha256': digest(''), 'x-amz-date': time }
  const names = Object.keys(signed).join(';')
  const headers = Object.entries(signed).map(([name, value]) => `${name}:${value}\n`).join('')
  const request = ['PUT', `/${bucket}`, '', headers, names, digest('')].join('\n')
  const toSign = ['AWS4-HMAC-SHA256', time, scope.join('/'), digest(request)].join('\n')
  const signature = createHmac('sha256', scope.reduce(hmac, 'AWS4test')).update(toSign).digest('hex')
  const authorization = `AWS4-HMAC-SHA256 Credential=test/${scope.join('/')}, SignedHeaders=${names}, Signature=${signature}`
  const { host: _, ...sent } = signed
  const response = await fetch(`${endpoint}/${bucket}`, { method: 'PUT', headers: { ...sent, authorization } })
  if (!response.ok) throw new Error(`no bucket: status ${response.status}: ${await response.text()}`)
}
