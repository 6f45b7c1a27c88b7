'use strict'

const { once } = require('node:events')
const { createServer } = require('node:http')

const THROTTLED = {
  __type: 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException',
  message: 'The level of configured provisioned throughput for the table was exceeded.',
}

/**
 * Stands in front of a DynamoDB emulator and does what the service does to a table without enough capacity: it refuses
 * requests, or carries out a part of a batch and says which part is left.
 */
class ThrottlingProxy {
  #server
  #refusals = () => false
  #keep = () => Infinity

  constructor(endpoint) {
    this.target = endpoint
    /** How often it stepped in. */
    this.refused = 0
    this.leftOut = 0
  }

  async listen() {
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => response.destroy())
    })
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    this.endpoint = `http://127.0.0.1:${this.#server.address().port}`
  }

  close() {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  /** Refuses every request for which `condition(operation, count)` holds; `count` is the number of the request. */
  refuseWhen(condition) {
    let count = 0
    this.#refusals = (operation) => condition(operation, count++)
  }

  /** Carries out at most so many items of every batch. */
  keepOfBatches(most) {
    this.#keep = () => most
  }

  async #answer(request, response) {
    const body = Buffer.concat(await request.toArray())
    const operation = request.headers['x-amz-target'].split('.')[1]
    if (this.#refusals(operation)) {
      this.refused += 1
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' })
      response.end(JSON.stringify(THROTTLED))
      return
    }
    const { kept, left, none } = this.#split(operation, JSON.parse(body))
    if (none) {
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' })
      response.end(JSON.stringify(left))
      return
    }
    const answer = await fetch(this.target, { method: 'POST', headers: passedOn(request.headers), body: JSON.stringify(kept) })
    const text = await answer.text()
    response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' })
    response.end(left === undefined || !answer.ok ? text : JSON.stringify({ ...JSON.parse(text), ...left }))
  }

  /** What of a request goes on, and what its answer names as left. */
  #split(operation, body) {
    const most = this.#keep()
    if (operation === 'BatchWriteItem') {
      const [[table, items]] = Object.entries(body.RequestItems)
      if (items.length <= most) return { kept: body }
      this.leftOut += items.length - most
      return {
        none: most === 0,
        kept: { ...body, RequestItems: { [table]: items.slice(0, most) } },
        left: { UnprocessedItems: { [table]: items.slice(most) } },
      }
    }
    if (operation === 'BatchGetItem') {
      const [[table, { Keys, ...rest }]] = Object.entries(body.RequestItems)
      if (Keys.length <= most) return { kept: body }
      this.leftOut += Keys.length - most
      return {
        none: most === 0,
        kept: { ...body, RequestItems: { [table]: { ...rest, Keys: Keys.slice(0, most) } } },
        left: { UnprocessedKeys: { [table]: { ...rest, Keys: Keys.slice(most) } } },
      }
    }
    return { kept: body }
  }
}

function passedOn({ authorization, 'content-type': type, 'x-amz-date': date, 'x-amz-target': target }) {
  return { authorization, 'content-type': type, 'x-amz-date': date, 'x-amz-target': target }
}

/** A proxy in front of the emulator at `endpoint`, for the time of the test. */
async function throttlingProxy(t, endpoint) {
  const proxy = new ThrottlingProxy(endpoint)
  await proxy.listen()
  t.after(() => proxy.close())
  return proxy
}

module.exports = { throttlingProxy }
