// A Redis server that speaks TLS, and asks its clients for a certificate. Behind the `#` of the address is the folder
// with `ca.pem`, `client.pem` and `client.key`.

import { connect } from 'node:net'
import { must } from '../../lib/run.mjs'

const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']

/** Makes an authority, and certificates of it for a server and a client. */
async function makeCertificates(openssl, cwd, signal) {
  const quiet = { cwd, signal, stdio: 'ignore' }
  const request = (...args) => must(openssl, ['req', '-x509', ...args, ...curve], quiet)
  await request('-subj', '/CN=redkv test', '-keyout', 'ca.key', '-out', 'ca.pem')
  for (const [name, names] of [
    ['server', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
    ['client', 'subjectAltName=DNS:client'],
  ]) {
    const files = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-keyout', `${name}.key`, '-out', `${name}.pem`]
    const kind = ['-addext', names, '-addext', 'basicConstraints=critical,CA:FALSE']
    await request('-subj', '/CN=leaf', ...files, ...kind)
  }
}

/** Resolves when the port takes connections. */
function listens(port) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve()
    })
    socket.once('error', reject)
  })
}

export const redisTls = {
  name: 'redis-tls',
  variable: 'REDKV_TEST_REDIS_TLS_URL',
  async start(host) {
    const command = await host.program('redis-server', 'redis-server')
    const folder = host.folder('redis-certificates')
    await makeCertificates(await host.program('openssl', 'openssl'), folder, host.signal)
    const port = await host.serve({
      name: 'redis-tls',
      command,
      args: (port) => [
        ...['--bind', '127.0.0.1', '--port', '0', '--tls-port', String(port), '--save', '', '--appendonly', 'no'],
        ...['--tls-ca-cert-file', `${folder}/ca.pem`, '--tls-auth-clients', 'yes'],
        ...['--tls-cert-file', `${folder}/server.pem`, '--tls-key-file', `${folder}/server.key`],
      ],
      answers: listens,
    })
    return `rediss://localhost:${port}#${folder}`
  },
}
