// Where the test servers are.

export const redisUrl = process.env.REDKV_TEST_REDIS_URL
export const dynamodbEndpoint = process.env.REDKV_TEST_DYNAMODB_ENDPOINT

/** The table that the comparison of DynamoDB writes to. */
export const tableName = 'redkv-bench'

/** The table of data structures. */
export const structuresTable = 'redkv-bench-structures'

/** The table of records. */
export const recordsTable = 'redkv-bench-records'

/** What an emulator of DynamoDB wants to be told. */
export const dynamodbOptions = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' }
}

/** Host and port of Redis, for the clients that take no URL. */
export function redisAddress() {
  const { hostname, port } = new URL(redisUrl)
  return { host: hostname, port: Number(port) }
}
