// Dynoxide: a DynamoDB emulator whose behaviour a public suite checks against AWS.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { cached } from '../lib/cache.mjs'
import { heading, must } from '../lib/run.mjs'
import { listTables } from './answers/dynamodb-answers.mjs'

const version = '3.2.0'

/** The path of the program: built once, then kept in the cache. */
async function program(signal) {
  const folder = cached(`dynoxide-${version}`)
  const path = join(folder, 'bin', 'dynoxide')
  if (!existsSync(path)) {
    heading(`Building dynoxide ${version}, the DynamoDB emulator (once, some minutes)`)
    const features = 'native-sqlite,http-server,cli'
    const what = ['dynoxide-rs', '--version', version, '--no-default-features', '--features', features]
    await must('cargo', ['install', ...what, '--locked', '--quiet', '--root', folder], { signal })
  }
  return path
}

export const dynoxide = {
  name: 'dynamodb',
  variable: 'REDKV_TEST_DYNAMODB_ENDPOINT',
  async start(host) {
    const port = await host.serve({
      name: 'dynoxide',
      command: await program(host.signal),
      args: (port) => ['--host', '127.0.0.1', '--port', String(port)],
      answers: listTables,
    })
    return `http://127.0.0.1:${port}`
  },
}
