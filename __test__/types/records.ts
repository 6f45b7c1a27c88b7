// Right and wrong uses of records.

import RedKV, { Records, RedKVError, type Partition, type RecordsPartialError, type VersionedRecord } from 'redkv'
import { assert, type Equal } from './equal.js'

const table = new Records('memory', null, { timeout: '2s', name: 'crm', maxPending: 10 })
new RedKV.Records('DynamoDB', { tableName: 'CRMTable', region: 'us-east-1' })

// @ts-expect-error — misspelt
new Records('memori')
// @ts-expect-error — a table has a name
new Records('dynamodb')
// @ts-expect-error — memory has no options
new Records('memory', { maxEntries: 5 })
// @ts-expect-error — records have partitions
new Records('memory', {}, { prefix: 'p:' })

const partition: Partition = table.partition('customers')

async function uses(): Promise<void> {
  await table.createTable({ localIndexes: [{ name: 'idx_created', sortKey: 'created' }], ttl: true })
  // @ts-expect-error — a global index has a hash key
  await table.createTable({ globalIndexes: [{ name: 'idx_city', sortKey: 'created' }] })
  const record: VersionedRecord = await partition.put('ada', 'x', { ttl: '1h', fields: { created: '2020', old: null } })
  assert<Equal<typeof record.version, number>>()
  assert<Equal<typeof record.expires, Date | null>>()
  assert<Equal<Awaited<ReturnType<typeof partition.get>>, VersionedRecord | null>>()
  await partition.atomicPut('ada', Buffer.of(1), { previous: record, keepTtl: true })
  await partition.atomicPut('ada', 'y', { previous: { partition: 'customers', key: 'ada', version: 2 } })
  // @ts-expect-error — no numbers
  await partition.put('ada', 5)
  // @ts-expect-error — fields are strings
  await partition.put('ada', 'x', { fields: { age: 36 } })
  // @ts-expect-error — a version is not enough
  await partition.atomicDelete('ada', 1)
  await partition.update('n', (before) => String(Number(before?.value ?? 0) + 1), { retries: 20 })
  await partition.update('n', async () => ({ value: 'x', fields: { f: '1' } }))
  await partition.update('n', () => undefined)
  // @ts-expect-error — null is no change
  await partition.update('n', () => null)
  const { records, next } = await partition.listPage('a', { limit: 10, reverse: true })
  assert<Equal<typeof next, string | null>>()
  for await (const { key, fields } of partition.list('a', { globalIndex: { name: 'idx_city', hashKey: 'h', sortKey: 's' } })) {
    const created: string | undefined = fields['created']
    console.log(key, created, records.length)
  }
  const many: (VersionedRecord | null)[] = await partition.getMany(new Set(['a', 'b'])).catch((error: unknown) => {
    return (error as RecordsPartialError).values.map((value) => value ?? null)
  })
  console.log(many)
}

uses().catch((error: unknown) => {
  if (!(error instanceof RedKVError) || error.code === 'ERR_REDKV_PARTIAL') throw error
  if (error.code === 'ERR_REDKV_MODIFIED') console.log(error.record?.version)
})

table.on('request', ({ operation, input, units, duration }) => console.log(operation, input?.['TableName'], units, duration))
// @ts-expect-error — there is no such event
table.on('invalidate', () => {})
const calls: number | undefined = table.stats().operations.atomicPut?.calls
console.log(calls)
