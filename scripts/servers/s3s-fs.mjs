// s3s-fs: serves a folder by the protocol of S3, as a second opinion. It checks signatures and the form of requests
// strictly. Its conditional writes are two steps, and its objects are files with the names that those have.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { cached } from '../lib/cache.mjs'
import { heading, must } from '../lib/run.mjs'
import { listBuckets } from './answers/s3-answers.mjs'

const version = '0.14.1'

/** The path of the program: built once, then kept in the cache. */
async function program(signal) {
  const folder = cached(`s3s-fs-${version}`)
  const path = join(folder, 'bin', 's3s-fs')
  if (!existsSync(path)) {
    heading(`Building s3s-fs ${version}, the second S3 server (once, some minutes)`)
    const what = ['s3s-fs', '--version', version, '--features', 'binary']
    await must('cargo', ['install', ...what, '--locked', '--quiet', '--root', folder], { signal })
  }
  return path
}

export const s3sFs = {
  name: 's3-files',
  variable: 'REDKV_TEST_S3_FILES_ENDPOINT',
  async start(host) {
    const port = await host.serve({
      name: 's3s-fs',
      command: await program(host.signal),
      args: (port) => ['--host', '127.0.0.1', '--port', String(port), '--access-key', 'test', '--secret-key', 'test', '.'],
      answers: listBuckets,
    })
    return `http://127.0.0.1:${port}`
  },
}
