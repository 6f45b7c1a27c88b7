// Customers that many processes change at once, with optimistic locking and pages, on SQLite without any server:
//   node examples/customers.mjs

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Records } from 'redkv'

const folder = mkdtempSync(join(tmpdir(), 'redkv-customers-'))
// For production: new Records('dynamodb', { tableName: 'CRMTable', region: 'us-east-1' }, { timeout: '2s' })
const table = new Records('sqlite', { path: join(folder, 'crm.sqlite') })
const byCreation = { name: 'idx_created', sortKey: 'created' }

try {
  await table.createTable({ localIndexes: [byCreation], ttl: true })
  const customers = table.partition('customers')

  // Creates, and is refused where there is one.
  const created = { fields: { created: '2026-01-05' } }
  const welcome = await customers.atomicPut('welcome', JSON.stringify({ name: 'Welcome Inc.', orders: 0 }), created)
  const again = await customers.atomicPut('welcome', '{}').catch((error) => error.code)
  console.log(`version ${welcome.version}; a second one: ${again}`)

  // Changes what was read, if nobody else has changed it.
  await customers.atomicPut('welcome', JSON.stringify({ name: 'Welcome Ltd.', orders: 0 }), { previous: welcome })
  const late = await customers.atomicPut('welcome', '{}', { previous: welcome }).catch((error) => error)
  console.log(`${late.code}: it has version ${late.record.version} now`)

  // Changes it again until nobody came between.
  const order = (record) => {
    const customer = JSON.parse(record.value)
    return JSON.stringify({ ...customer, orders: customer.orders + 1 })
  }
  await Promise.all(Array.from({ length: 8 }, () => customers.update('welcome', order, { retries: 100 })))
  console.log((await customers.get('welcome')).value)

  // Lists, by key and by another field, page by page.
  for (const [key, day] of [['agency', '2026-03-01'], ['bakery', '2026-02-01'], ['builder', '2026-04-01']]) {
    await customers.put(key, `{"name":"${key}"}`, { fields: { created: day } })
  }
  const first = await customers.listPage('b', { limit: 1 })
  const second = await customers.listPage('b', { limit: 1, after: first.next })
  console.log([...first.records, ...second.records].map(({ key }) => key))
  for await (const { key, fields } of customers.list('2026-', { localIndex: byCreation, reverse: true })) {
    console.log(fields.created, key)
  }

  // Deletes what was read, if it is as it was.
  await customers.atomicDelete('welcome', await customers.get('welcome'))
  console.log(await customers.exists('welcome'))
} finally {
  await table.close()
  rmSync(folder, { recursive: true, force: true })
}
