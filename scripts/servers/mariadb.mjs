// MariaDB, which speaks the protocol of MySQL, from its first tables on in a temporary folder.

import { mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { must } from '../lib/run.mjs'

const user = 'redkv'
const password = 'redkv'
const database = 'redkv_test'

/** Resolves when the server greets. */
function greeting(port) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    socket.setTimeout(1_000, () => socket.destroy(new Error('no greeting')))
    socket.once('data', (packet) => {
      socket.destroy()
      // The version of the protocol, behind the length of the packet and its number.
      if (packet[4] === 10) resolve()
      else reject(new Error('a strange greeting'))
    })
    socket.once('error', reject)
  })
}

export const mariadb = {
  name: 'mysql',
  variable: 'REDKV_TEST_MYSQL_URL',
  async start(host) {
    const server = await host.program('mariadbd', 'mariadb-server')
    const install = await host.program('mariadb-install-db', 'mariadb-server')
    const folder = host.newFolder('mariadb')
    const data = join(folder, 'data')
    // As root it runs as root: the folder is its own.
    const who = process.getuid?.() === 0 ? ['--user=root'] : []
    // Servers that are made at the same time take each other's temporary tables away in a common folder.
    const temporary = join(folder, 'tmp')
    mkdirSync(temporary)
    const folders = [`--datadir=${data}`, `--tmpdir=${temporary}`]
    const quick = ['--skip-name-resolve', '--skip-test-db', '--auth-root-authentication-method=normal']
    const options = { cwd: folder, signal: host.signal, stdio: ['ignore', 'pipe', 'pipe'] }
    await must(install, ['--no-defaults', ...folders, ...quick, ...who], options)
    const setup = join(folder, 'setup.sql')
    writeFileSync(
      setup,
      `CREATE USER IF NOT EXISTS '${user}'@'%' IDENTIFIED BY '${password}';\n` +
        `GRANT ALL ON *.* TO '${user}'@'%';\n` +
        `CREATE DATABASE IF NOT EXISTS ${database};\n`,
    )
    const port = await host.serve({
      name: 'mariadbd',
      command: server,
      args: (port) => [
        '--no-defaults',
        ...folders,
        `--socket=${join(folder, 'socket')}`,
        `--init-file=${setup}`,
        '--bind-address=127.0.0.1',
        `--port=${port}`,
        '--skip-name-resolve',
        '--max-connections=500',
        ...who,
      ],
      answers: greeting,
    })
    return `mysql://${user}:${password}@127.0.0.1:${port}/${database}`
  },
}
