// Users with unique names and addresses, listed by name, on SQLite without any server:
//   node examples/users.mjs

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Structures } from 'redkv'

const folder = mkdtempSync(join(tmpdir(), 'redkv-users-'))
// For production: new Structures('dynamodb', { tableName: 'app', region: 'us-east-1' }, { timeout: '2s' })
const db = new Structures('sqlite', { path: join(folder, 'users.sqlite'), limits: 'dynamodb' })
await db.createTable()

/** Creates a user. A name or an address that somebody has is refused, also when two ask for it at once. */
async function create({ name, mail }) {
  const id = String(await db.incrBy('users:last'))
  const write = db.atomicWrite()
  const byName = write.setNX(`user:name:${name}`, id)
  const byMail = write.setNX(`user:mail:${mail}`, id)
  write.hSet(`user:${id}`, { name, mail })
  write.zhAdd('users', name, id, 0)
  if (await write.exec()) return id
  const taken = [byName.conditionalFailed && 'name', byMail.conditionalFailed && 'address'].filter(Boolean)
  throw new Error(`the ${taken.join(' and the ')} of ${name} <${mail}> is taken`)
}

/** Gives a user another name, if nobody has it. */
async function rename(id, name) {
  const before = await db.hGet(`user:${id}`, 'name')
  const write = db.atomicWrite()
  const isTaken = write.setNX(`user:name:${name}`, id)
  write.deleteXX(`user:name:${before}`)
  write.hSet(`user:${id}`, 'name', name)
  write.zhRem('users', before)
  write.zhAdd('users', name, id, 0)
  if (await write.exec()) return
  throw new Error(isTaken.conditionalFailed ? `the name ${name} is taken` : `${before} was renamed meanwhile`)
}

/** Returns users whose names begin with `prefix`, in the order of their names. */
async function list(prefix, limit) {
  // No byte of UTF-8 is as high as this one, so it comes after all names that begin so.
  const end = Buffer.concat([Buffer.from(`(${prefix}`), Buffer.of(0xff)])
  const ids = await db.zhRangeByLex('users', `[${prefix}`, end, { limit })
  return Promise.all(ids.map(async (id) => ({ id, ...(await db.hGetAll(`user:${id}`)) })))
}

try {
  const ada = await create({ name: 'ada', mail: 'ada@example.com' })
  await create({ name: 'alan', mail: 'alan@example.com' })
  await create({ name: 'grace', mail: 'grace@example.com' })

  const refused = await create({ name: 'ada', mail: 'other@example.com' }).catch((error) => error.message)
  console.log(refused)

  const names = ['barbara', 'barbara', 'barbara']
  const attempts = await Promise.allSettled(names.map((name, index) => create({ name, mail: `${index}@example.com` })))
  console.log('of three at once:', attempts.map(({ status }) => status).sort())

  await rename(ada, 'ada lovelace')
  console.log(await list('a', 10))
} finally {
  await db.close()
  rmSync(folder, { recursive: true, force: true })
}
