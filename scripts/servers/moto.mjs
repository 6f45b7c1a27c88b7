// Moto: an emulator of AWS, here of S3. It keeps objects as S3 does, and has conditional writes.

import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cached } from '../lib/cache.mjs'
import { Failure, heading, must } from '../lib/run.mjs'
import { listBuckets } from './answers/s3-answers.mjs'

const version = '5.2.5'
const script = join(dirname(fileURLToPath(import.meta.url)), 'serve-moto.py')

/** The folder of the Python packages: installed once, then kept in the cache. */
async function packages(python, signal) {
  const folder = cached(`moto-${version}`)
  if (existsSync(folder)) return folder
  heading(`Installing Moto ${version}, the S3 emulator (once)`)
  mkdirSync(dirname(folder), { recursive: true })
  // Installed beside its place and then moved: an interrupted installation leaves nothing that looks complete.
  const fresh = mkdtempSync(`${folder}-`)
  try {
    const what = ['--quiet', '--disable-pip-version-check', '--target', fresh, `moto[s3,server]==${version}`]
    await must(python, ['-m', 'pip', 'install', ...what], { signal, stdio: ['ignore', 'pipe', 'pipe'] })
    renameSync(fresh, folder)
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true })
    if (error instanceof Failure) error.message += '\n(on Debian and Ubuntu: apt-get install python3-pip)'
    if (!existsSync(folder)) throw error
  }
  return folder
}

export const moto = {
  name: 's3',
  variable: 'REDKV_TEST_S3_ENDPOINT',
  async start(host) {
    const python = await host.program('python3', 'python3-pip')
    const folder = await packages(python, host.signal)
    const port = await host.serve({
      name: 'moto',
      command: '/usr/bin/env',
      args: (port) => [`PYTHONPATH=${folder}`, python, script, String(port)],
      answers: listBuckets,
    })
    return `http://127.0.0.1:${port}`
  },
}
