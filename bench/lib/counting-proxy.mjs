// A reverse proxy that counts the requests, in a thread of its own so that it does not change when the client's turns
// end. `CountingProxy` is for the main thread; the rest runs in the worker.

import { once } from 'node:events'
import { Agent, createServer, request } from 'node:http'
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads'

export class CountingProxy {
  #worker
  #count = new Int32Array(new SharedArrayBuffer(4))

  /** Starts the proxy in front of an address and resolves with its own. */
  async start(target) {
    this.#worker = new Worker(new URL(import.meta.url), { workerData: { target, count: this.#count } })
    const [port] = await once(this.#worker, 'message')
    return `http://127.0.0.1:${port}`
  }

  /** How many requests came since the last call. */
  take() {
    return Atomics.exchange(this.#count, 0, 0)
  }

  stop() {
    return this.#worker.terminate()
  }
}

async function serve({ target, count }) {
  const agent = new Agent({ keepAlive: true })
  const { hostname, port } = new URL(target)
  const server = createServer((incoming, answer) => {
    Atomics.add(count, 0, 1)
    const { method, url: path, headers } = incoming
    const forwarded = request({ agent, hostname, port, method, path, headers }, (response) => {
      answer.writeHead(response.statusCode, response.headers)
      response.pipe(answer)
    })
    forwarded.on('error', () => answer.destroy())
    incoming.pipe(forwarded)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  parentPort.postMessage(server.address().port)
}

if (!isMainThread) await serve(workerData)
