// `npm run demo:s3 -- [objects] [bytes]`: everything from a fresh clone to the example with S3, on a server of its own.

import { makeBucket } from '../lib/servers/make-bucket.mjs'
import { main, root, run } from '../lib/run.mjs'
import { setup } from '../lib/setup.mjs'
import { withServers } from '../lib/servers/with-servers.mjs'

const bucket = 'redkv-demo'

await main(async () => {
  await setup()
  await withServers({ only: ['s3-files'] }, async ({ env, signal }) => {
    const S3_ENDPOINT = env.REDKV_TEST_S3_FILES_ENDPOINT
    await makeBucket(S3_ENDPOINT, bucket)
    const AWS_REGION = 'us-east-1'
    const access = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION }
    const options = { cwd: root, env: { ...process.env, ...access, S3_BUCKET: bucket, S3_ENDPOINT }, signal }
    const { code } = await run(process.execPath, ['examples/disk-before-s3.js', ...process.argv.slice(2)], options)
    process.exitCode = code
  })
})
