'use strict'

// In the table that the documents of 1.x made, with the collation that a database gives it.

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const { randomUUID } = require('node:crypto')
const { once } = require('node:events')
const { test } = require('node:test')
const RedKV = require('../..')

const url = new URL(process.env.REDKV_TEST_MYSQL_URL)

function exec(sql) {
  const { hostname, port, username, password, pathname } = url
  const login = ['-h', hostname, '-P', port, '-u', username, `-p${password}`, pathname.slice(1)]
  return execFileSync('mariadb', ['--no-defaults', ...login, '-e', sql], { encoding: 'utf8' })
}

test('keys stay apart, and one process warning says how the column could keep them all', async (t) => {
  const tableName = `t_${randomUUID().replaceAll('-', '')}`
  exec(`CREATE TABLE ${tableName} (redk VARCHAR(256) PRIMARY KEY, redv MEDIUMTEXT) DEFAULT CHARSET latin1`)
  t.after(() => exec(`DROP TABLE ${tableName}`))
  const warnings = []
  const listener = (warning) => warnings.push(warning)
  process.on('warning', listener)
  t.after(() => process.off('warning', listener))
  const warned = once(process, 'warning')
  for (const spelling of ['user', 'USER']) {
    const kv = new RedKV()
    kv.addStore('mysql', { url: url.href, tableName, keyColumn: 'redk', valueColumn: 'redv' })
    await kv.ready()
    const error = await kv.set(spelling, 'v').then(
      () => undefined,
      (error) => error,
    )
    assert.equal(error?.code, spelling === 'user' ? undefined : 'ERR_REDKV_UNSUPPORTED')
    assert.equal(await kv.get(spelling), spelling === 'user' ? 'v' : null)
    await kv.close()
  }
  await warned
  const ours = warnings.filter((warning) => warning.name === 'RedKVWarning')
  assert.equal(ours.length, 1)
  assert.match(ours[0].message, /^mysql: the collation latin1_swedish_ci of the key column 'redk' /)
  exec(ours[0].message.slice(ours[0].message.indexOf('ALTER TABLE')))
})
