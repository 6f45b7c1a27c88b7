// PostgreSQL, from initdb on: a cluster of its own in a temporary folder.

import { chmodSync, chownSync, existsSync, readdirSync, realpathSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Failure, must, read, which } from '../lib/run.mjs'

const user = 'redkv'
const password = 'redkv'

/** Where Debian keeps the programs of each version. */
const versions = '/usr/lib/postgresql'

/** The folder of the programs, of the newest version that is installed. */
function findPrograms() {
  const found = which('initdb')
  if (found) return dirname(realpathSync(found))
  if (!existsSync(versions)) return undefined
  const newest = readdirSync(versions).sort((a, b) => Number(b) - Number(a))
  return newest.map((version) => join(versions, version, 'bin')).find((folder) => existsSync(join(folder, 'initdb')))
}

async function programs(host) {
  const found = findPrograms()
  if (found) return found
  // This one Debian puts into PATH.
  await host.program('pg_createcluster', 'postgresql')
  const installed = findPrograms()
  if (installed) return installed
  throw new Failure('initdb is missing, and apt-get install postgresql did not bring it')
}

/** PostgreSQL refuses to run as root: whom it runs as then, with the command that makes it so. */
export async function asUser() {
  if (process.getuid?.() !== 0) return { command: [] }
  const id = async (option) => Number(await read('id', [option, 'postgres']))
  return {
    command: ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups', '--'],
    owner: { uid: await id('-u'), gid: await id('-g') },
  }
}

export const postgres = {
  name: 'postgres',
  variable: 'REDKV_TEST_POSTGRES_URL',
  async start(host) {
    const bin = await programs(host)
    const { command, owner } = await asUser()
    const folder = host.newFolder('postgres')
    const secret = join(folder, 'password')
    writeFileSync(secret, `${password}\n`)
    if (owner) for (const path of [folder, secret]) chownSync(path, owner.uid, owner.gid)
    chmodSync(folder, 0o700)
    const data = join(folder, 'data')
    const cluster = ['-D', data, '-U', user, '-A', 'scram-sha-256', `--pwfile=${secret}`, '-E', 'UTF8', '--locale=C.UTF-8']
    const options = { cwd: '/', signal: host.signal, stdio: ['ignore', 'pipe', 'pipe'] }
    const [init, ...args] = [...command, join(bin, 'initdb'), ...cluster, '--no-sync']
    await must(init, args, options)
    const [program, ...first] = [...command, join(bin, 'postgres'), '-D', data, '-k', folder]
    const port = await host.serve({
      name: 'postgres',
      command: program,
      cwd: '/',
      args: (port) => [...first, '-h', '127.0.0.1', '-p', String(port), '-c', 'fsync=off'],
      answers: async (port) => {
        await read(join(bin, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port), '-t', '2'])
      },
    })
    return `postgres://${user}:${password}@127.0.0.1:${port}/postgres`
  },
}
