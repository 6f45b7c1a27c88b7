// How to see that a DynamoDB emulator works.

import { request } from './dynamodb-request.mjs'

/** Resolves when the server answers `ListTables`. */
export async function listTables(port) {
  const signal = AbortSignal.timeout(5_000)
  const response = await request(`http://127.0.0.1:${port}/`, 'ListTables', {}, { signal })
  const answer = await response.text()
  if (!answer.includes('TableNames')) throw new Error(`a strange answer to ListTables, status ${response.status}`)
}
