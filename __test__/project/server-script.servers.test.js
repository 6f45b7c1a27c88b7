'use strict'

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const { connect } = require('node:net')
const { join } = require('node:path')
const { test } = require('node:test')

const script = join(__dirname, '..', '..', 'scripts', 'servers.mjs')
const { REDKV_TEST_REDIS_URL: given, ...env } = process.env

/** Runs JavaScript in a process that has a Redis of its own. */
function withRedis(source) {
  const args = [script, '--only', 'redis', '--', process.execPath, '--eval', source]
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  child.output = ''
  child.stdout.on('data', (chunk) => (child.output += chunk))
  child.stderr.on('data', (chunk) => (child.output += chunk))
  return child
}

const port = (output) => Number(/REDIS_URL=redis:\/\/127\.0\.0\.1:(\d+)/.exec(output)[1])

const refused = (port) => assert.rejects(once(connect(port, '127.0.0.1'), 'connect'), { code: 'ECONNREFUSED' })

test('a server is up while the command runs, is stopped after it, and its exit code is kept', async () => {
  const child = withRedis(`
    const { port } = new URL(process.env.REDKV_TEST_REDIS_URL)
    require('node:net').connect(port, '127.0.0.1', () => process.exit(7))
  `)
  const [code] = await once(child, 'close')
  assert.equal(code, 7, child.output)
  await refused(port(child.output))
})

test('a server that ends by itself ends the command and fails', async () => {
  const child = withRedis(`
    const { port } = new URL(process.env.REDKV_TEST_REDIS_URL)
    require('node:net').connect(port, '127.0.0.1').write('SHUTDOWN NOSAVE\\r\\n')
    setInterval(() => {}, 1000)
  `)
  const [code] = await once(child, 'close')
  assert.equal(code, 1)
  assert.match(child.output, /redis-server ended by itself/)
})

test('a signal ends the command and the server', async () => {
  const child = withRedis(`
    console.log('running')
    setInterval(() => {}, 1000)
  `)
  child.stdout.on('data', () => child.output.includes('\nrunning') && child.kill('SIGTERM'))
  const [code] = await once(child, 'close')
  assert.equal(code, 128 + 15)
  await refused(port(child.output))
})
