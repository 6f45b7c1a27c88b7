// How to see that a DynamoDB emulator works.

/** Resolves when the server answers `ListTables`. The signature is not checked by emulators, but has to be there. */
export async function listTables(port) {
  const response = await fetch(`http://127.0.0.1:${port}/`, {
    method: 'POST',
    headers: {
      authorization:
        'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, ' +
        'SignedHeaders=host;x-amz-date, Signature=0',
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-date': '20260101T000000Z',
      'x-amz-target': 'DynamoDB_20120810.ListTables',
    },
    body: '{}',
    signal: AbortSignal.timeout(5_000),
  })
  const answer = await response.text()
  if (!answer.includes('TableNames')) throw new Error(`a strange answer to ListTables, status ${response.status}`)
}
