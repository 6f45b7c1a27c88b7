'use strict'

// TLS as the environment of a process sets it.

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const { mkdtempSync, readFileSync, rmSync } = require('node:fs')
const https = require('node:https')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { describe, test } = require('node:test')

const { prelude, run } = require('../support/child.js')

/** What a process prints in which a store is added, with more in its environment: an answer, or the error. */
async function outcome(environment, name, options) {
  const source = `
    const kv = new RedKV()
    const print = (error) => console.log(error.message, error.cause?.message ?? '')
    process.on('warning', (warning) => console.log('warning:', warning.message))
    try {
      kv.addStore(${JSON.stringify(name)}, ${JSON.stringify(options)})
      kv.ready().then(() => console.log('ready'), print).finally(() => kv.close())
    } catch (error) {
      print(error)
    }`
  const env = { ...process.env, ...environment }
  const { stdout, stderr } = await run(process.execPath, ['--eval', prelude + source], { env })
  return stdout + stderr
}

describe('with PGSSLMODE in the environment', () => {
  const url = new URL(process.env.REDKV_TEST_POSTGRES_URL)
  const server = { PGHOST: url.hostname, PGPORT: url.port, PGUSER: url.username, PGPASSWORD: url.password, PGDATABASE: url.pathname.slice(1) }
  const table = { tableName: 'of_the_environment', keyColumn: 'k', valueColumn: 'v', createTable: true }
  const postgres = (mode, more = {}) => outcome({ ...server, PGSSLMODE: mode }, 'postgres', { ...table, ...more })

  test('a server without TLS is refused by a mode that asks for it', async () => {
    assert.match(await postgres('require'), /server does not support TLS/)
    assert.match(await postgres('verify-full'), /server does not support TLS/)
  })

  test('a server without TLS is used by a mode that does not ask for it', async () => {
    assert.equal(await postgres('prefer'), 'ready\n')
    assert.equal(await postgres('disable'), 'ready\n')
  })

  test('options that ask for none are refused where it asks for TLS', async () => {
    const both = /PGSSLMODE in the environment asks for TLS, and .+ for none/
    assert.match(await postgres('require', { ssl: false }), both)
    assert.match(await postgres('require', { url: `${url}?sslmode=disable` }), both)
  })

  test('a mode that is none, and what cannot be honoured, is refused', async () => {
    assert.match(await postgres('required?'), /PGSSLMODE in the environment: sslmode must be/)
    const crl = { ...server, PGSSLMODE: 'require', PGSSLCRL: 'revoked.pem' }
    assert.match(await outcome(crl, 'postgres', table), /PGSSLCRL in the environment: sslcrl is not supported/)
  })
})

describe('with NODE_EXTRA_CA_CERTS in the environment', () => {
  const url = new URL(process.env.REDKV_TEST_REDIS_TLS_URL)
  const folder = decodeURIComponent(url.hash.slice(1))
  const file = (name) => readFileSync(join(folder, name), 'utf8')
  const redis = { host: url.hostname, port: url.port, tls: { cert: file('client.pem'), key: file('client.key') } }

  test('servers of these authorities are trusted', async () => {
    assert.equal(await outcome({ NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') }, 'redis', redis), 'ready\n')
    assert.match(await outcome({ NODE_EXTRA_CA_CERTS: '' }, 'redis', redis), /certificate/)
  })

  test('a file that cannot be read is warned about', async () => {
    const told = await outcome({ NODE_EXTRA_CA_CERTS: join(folder, 'none.pem') }, 'redis', redis)
    assert.match(told, /warning: redis: the file of NODE_EXTRA_CA_CERTS adds no certificate authorities/)
    assert.match(told, /invalid peer certificate/)
  })

  test('services of Amazon are trusted by them too', async (t) => {
    const own = mkdtempSync(join(tmpdir(), 'redkv-'))
    t.after(() => rmSync(own, { recursive: true }))
    const openssl = (...args) => execFileSync('openssl', args, { cwd: own, stdio: 'ignore' })
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=ca')
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'key.pem', '-out', 'cert.pem', '-subj', '/CN=x', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-addext', 'subjectAltName=DNS:localhost', '-addext', 'basicConstraints=critical,CA:FALSE')
    const pem = (name) => readFileSync(join(own, name))
    const server = https.createServer({ cert: pem('cert.pem'), key: pem('key.pem') }, (_, answer) => answer.writeHead(403).end())
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.after(() => server.close())
    const options = {
      tableName: 't', region: 'eu-west-1', accessKeyId: 'id', secretAccessKey: 'secret', maxRetries: 0,
      endpoint: `https://localhost:${server.address().port}`,
    }
    assert.match(await outcome({ NODE_EXTRA_CA_CERTS: join(own, 'ca.pem') }, 'dynamodb', options), /HTTP status 403/)
    assert.doesNotMatch(await outcome({ NODE_EXTRA_CA_CERTS: '' }, 'dynamodb', options), /HTTP status 403/)
  })
})

describe('with an endpoint in the environment', () => {
  const options = { tableName: 't', region: 'eu-west-1', accessKeyId: 'id', secretAccessKey: 'secret', maxRetries: 0 }

  test('plain http is warned about', async () => {
    const told = await outcome({ AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:9' }, 'dynamodb', options)
    assert.match(told, /warning: dynamodb: AWS_ENDPOINT_URL_DYNAMODB in the environment sends requests over plain http/)
  })

  test('an endpoint of the options is used in its place', async () => {
    const endpoint = 'http://127.0.0.1:9'
    const told = await outcome({ AWS_ENDPOINT_URL: 'http://127.0.0.1:10' }, 'dynamodb', { ...options, endpoint })
    assert.doesNotMatch(told, /warning|:10/)
  })

  test('credentials in it are in no message', async () => {
    const told = await outcome({ AWS_ENDPOINT_URL: 'http://user:hunter2@127.0.0.1:9' }, 'dynamodb', options)
    assert.match(told, /AWS_ENDPOINT_URL in the environment must not hold credentials/)
    assert.doesNotMatch(told, /hunter2/)
  })
})
