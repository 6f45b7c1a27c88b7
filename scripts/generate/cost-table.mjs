// `npm run docs:costs`: counts the capacity units that operations on data structures in DynamoDB consume, and writes the table
// into docs/structures.md. The emulator dynoxide says how many they are, as DynamoDB does. With `--as-is` it counts with the
// addon that lies here.

import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'
import { Failure, main, root } from '../lib/run.mjs'
import { withServers } from '../lib/servers/with-servers.mjs'
import { setup } from '../lib/setup.mjs'

const place = /(<!-- costs -->\n)(?:\n\|[^]*?\n(?=\n))?/
const client = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } }

/** What is there before each operation. */
async function prepare(db) {
  await db.set('value', 'v')
  await db.set('number', 1)
  await db.set('text', '1')
  await db.sAdd('set', ['a', 'b'])
  await db.hSet('hash', { a: 1, b: 2 })
  for (let i = 0; i < 10; i += 1) await db.zAdd('sorted', `m${i}`, i)
  await db.zhAdd('sortedHash', 'f', 'm', 1)
}

const operations = [
  ['`get`, `hGet`, `hGetAll`, `sMembers`, `sIsMember`, `sCard`, `zScore`', (db) => db.get('value')],
  ['`has` of a value; of sorted members', (db) => db.has('value'), (db) => db.has('sorted')],
  ['`set`', (db) => db.set('value', 'w')],
  ['`setNX` where nothing is; where something is', (db) => db.setNX('new', 'w'), (db) => db.setNX('value', 'w')],
  ['`setXX`, `setEQ`', (db) => db.setXX('value', 'w')],
  ['`incrBy` of a number; of a text', (db) => db.incrBy('number'), (db) => db.incrBy('text')],
  ['`delete` of a value; of 10 sorted members', (db) => db.delete('value'), (db) => db.delete('sorted')],
  ["`delete` with `{ of: 'value' }`", (db) => db.delete('value', { of: 'value' })],
  ['`sAdd`, `sRem`', (db) => db.sAdd('set', 'c')],
  ['`hSet`, `hDel`', (db) => db.hSet('hash', 'c', 3)],
  ['`zAdd`, `zhAdd` of a new member; with another score', (db) => db.zAdd('sorted', 'n', 1), (db) => db.zAdd('sorted', 'm1', 7)],
  ['`zIncrBy`', (db) => db.zIncrBy('sorted', 'm1', 1)],
  ['`zRem`, `zhRem`', (db) => db.zRem('sorted', 'm1')],
  ['`zRangeByScore`, `zRangeByLex` and the like, of 10', (db) => db.zRangeByScore('sorted', 0, 9)],
  ['`zCount`, `zLexCount`, `zCard`, of 10', (db) => db.zCount('sorted', 0, 9)],
  ['`atomicWrite` of 4 values', (db) => ['a', 'b', 'c', 'd'].reduce((write, key) => (write.set(key, 'v'), write), db.atomicWrite()).exec()],
]

async function costs(db, operation) {
  await prepare(db)
  const before = db.stats()
  await operation(db)
  const after = db.stats()
  const [read, write] = ['readUnits', 'writeUnits'].map((name) => after[name] - before[name])
  for (const key of ['value', 'number', 'text', 'set', 'hash', 'sorted', 'sortedHash', 'new', 'a', 'b', 'c', 'd']) await db.delete(key)
  return { requests: after.requests - before.requests, read, write }
}

/** One figure, or those of the cases that a row names. */
const cell = (all, name) => [...new Set(all.map((one) => one[name]))].length === 1 ? `${all[0][name]}` : all.map((one) => one[name]).join('; ')

async function table(Structures, endpoint) {
  const rows = []
  const options = { ...client, endpoint, tableName: `costs-${randomUUID()}` }
  const [loose, strict] = [new Structures('dynamodb', options), new Structures('dynamodb', { ...options, kinds: 'strict' })]
  await loose.createTable()
  for (const [name, ...cases] of operations) {
    const ofLoose = []
    const ofStrict = []
    for (const operation of cases) {
      ofLoose.push(await costs(loose, operation))
      ofStrict.push(await costs(strict, operation))
    }
    const cells = [ofLoose, ofStrict].flatMap((all) => ['requests', 'read', 'write'].map((unit) => cell(all, unit)))
    rows.push(`| ${name} | ${cells.join(' | ')} |`)
  }
  await Promise.all([loose.close(), strict.close()])
  const head = '| operation | requests | read units | write units | strict: requests | read units | write units |'
  return `\n${head}\n|---|---|---|---|---|---|---|\n${rows.join('\n')}\n`
}

await main(async () => {
  await setup({ addon: process.argv.includes('--as-is') ? 'as is' : 'fresh' })
  const { Structures } = createRequire(import.meta.url)(root)
  const path = join(root, 'docs', 'structures.md')
  const document = readFileSync(path, 'utf8')
  if (!place.test(document)) throw new Failure(`${path} has no place for the costs`)
  await withServers({ only: ['dynamodb'] }, async ({ env }) => {
    const made = await table(Structures, env.REDKV_TEST_DYNAMODB_ENDPOINT)
    writeFileSync(path, document.replace(place, (_, marker) => `${marker}${made}`))
  })
})
