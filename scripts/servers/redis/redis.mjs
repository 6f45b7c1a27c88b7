// redis-server, without persistence.

import { connect } from 'node:net'

/** Resolves when the server answers `PING`. */
export function ping(port) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    socket.setTimeout(1_000, () => socket.destroy(new Error('no answer to PING')))
    socket.once('data', (answer) => {
      socket.destroy()
      if (answer.toString().startsWith('+PONG')) resolve()
      else reject(new Error('a strange answer to PING'))
    })
    socket.once('error', reject)
  })
}

/** Arguments of a server that keeps nothing on the disk. */
export function inMemory(port) {
  return ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no']
}

export const redis = {
  name: 'redis',
  variable: 'REDKV_TEST_REDIS_URL',
  async start(host) {
    const port = await host.serve({
      name: 'redis-server',
      command: await host.program('redis-server', 'redis-server'),
      args: inMemory,
      answers: ping,
    })
    return `redis://127.0.0.1:${port}`
  },
}
