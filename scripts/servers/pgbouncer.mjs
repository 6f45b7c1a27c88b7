// PgBouncer in transaction mode before a PostgreSQL of its own: few connections, handed out in turn, so that hardly two
// statements of a client meet the same one.

import { chownSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { asUser, postgres } from './postgres.mjs'

/** Resolves when somebody listens. */
function listening(port) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve()
    })
    socket.once('error', reject)
  })
}

export const pgbouncer = {
  name: 'pgbouncer',
  variable: 'REDKV_TEST_PGBOUNCER_URL',
  async start(host) {
    const program = await host.program('pgbouncer', 'pgbouncer')
    const behind = new URL(await postgres.start(host))
    const { username, password, hostname, port: serverPort } = behind
    const database = behind.pathname.slice(1)
    const { command, owner } = await asUser()
    const folder = host.newFolder('pgbouncer')
    const users = join(folder, 'users')
    writeFileSync(users, `"${username}" "${password}"\n`)
    const optionsFor = (port) => {
      const file = join(folder, `options-${port}`)
      const login = `user=${username} password=${password}`
      writeFileSync(
        file,
        `[databases]\n${database} = host=${hostname} port=${serverPort} dbname=${database} ${login}\n[pgbouncer]\n` +
          `listen_addr = 127.0.0.1\nlisten_port = ${port}\nauth_type = plain\nauth_file = ${users}\n` +
          'pool_mode = transaction\ndefault_pool_size = 3\nserver_round_robin = 1\nunix_socket_dir =\n' +
          'max_client_conn = 500\n',
      )
      for (const path of owner ? [folder, users, file] : []) chownSync(path, owner.uid, owner.gid)
      return file
    }
    const [first, ...rest] = [...command, program, '-q']
    const port = await host.serve({
      name: 'pgbouncer',
      command: first,
      cwd: '/',
      args: (port) => [...rest, optionsFor(port)],
      answers: listening,
    })
    return `postgres://${username}:${password}@127.0.0.1:${port}/${database}`
  },
}
