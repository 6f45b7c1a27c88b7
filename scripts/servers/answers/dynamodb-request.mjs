// A request to a DynamoDB emulator, without the SDK.

/** Asks for an operation. Emulators do not check the signature, but it has to be there. */
export function request(endpoint, operation, body, options = {}) {
  return fetch(endpoint, {
    ...options,
    method: 'POST',
    headers: {
      authorization:
        'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, ' +
        'SignedHeaders=host;x-amz-date, Signature=0',
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-date': '20260101T000000Z',
      'x-amz-target': `DynamoDB_20120810.${operation}`,
    },
    body: JSON.stringify(body),
  })
}
