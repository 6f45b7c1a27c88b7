'use strict'

// Writes that are made together or not at all.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { Structures } = require('../..')
const { childOf, printed } = require('../support/child.js')
const { isArgumentError, rejectionOf } = require('../support/refused.js')

function opened(t) {
  const db = new Structures('memory')
  t.after(() => db.close())
  return db
}

describe('an atomic write', () => {
  test('makes every kind of write', async (t) => {
    const db = opened(t)
    await Promise.all([db.set('old', '1'), db.set('gone', '1'), db.set('gone too', '1'), db.sAdd('s', ['a', 'b'])])
    await Promise.all([db.hSet('h', { a: 1, b: 2 }), db.zAdd('z', 'a', 1), db.zhAdd('zh', 'a', 'A', 1)])
    const write = db.atomicWrite()
    const handles = [
      write.set('set', 1),
      write.setNX('setNX', 2n),
      write.setXX('old', Buffer.from('2')),
      write.delete('gone'),
      write.deleteXX('gone too'),
      write.incrBy('n'),
      write.zAdd('z', 'b', 2),
      write.zAddNX('z', 'c', 3),
      write.zRem('z', 'a'),
      write.zhAdd('zh', 'b', 'B', 2),
      write.zhRem('zh', 'a'),
      write.sAdd('s2', new Set(['c', 'd'])),
      write.sRem('s', 'a'),
      write.hSet('h', { c: 3 }),
      write.hSetNX('h', 'd', 4),
      write.hDel('h', ['a', 'a']),
    ]
    assert.equal(await write.exec(), true)
    assert.equal(handles.some(({ conditionalFailed }) => conditionalFailed), false)
    const values = Promise.all(['set', 'setNX', 'old', 'gone', 'gone too', 'n'].map((key) => db.get(key)))
    assert.deepEqual(await values, ['1', '2', '2', null, null, '1'])
    assert.deepEqual(await db.zRangeByScore('z', 0, 9), ['b', 'c'])
    assert.deepEqual(await db.zhRangeByScore('zh', 0, 9), ['B'])
    assert.deepEqual([await db.sMembers('s'), (await db.sMembers('s2')).sort()], [['b'], ['c', 'd']])
    assert.deepEqual({ ...(await db.hGetAll('h')) }, { b: '2', c: '3', d: '4' })
  })

  test('of which a condition fails makes nothing, and says which ones did', async (t) => {
    const db = opened(t)
    await Promise.all([db.set('a', '1'), db.hSet('h', 'f', '1'), db.zAdd('z', 'm', 1)])
    const write = db.atomicWrite()
    const handles = [
      write.setNX('a', '2'),
      write.setXX('b', '2'),
      write.setNX('c', '2'),
      write.setEQ('d', '2', '1'),
      write.deleteXX('e'),
      write.hSetNX('h', 'f', '2'),
      write.hSetNX('h', 'g', '2'),
      write.zAddNX('z', 'm', 2),
      write.zAddNX('z', 'n', 2),
      write.set('i', '2'),
    ]
    assert.equal(await write.exec(), false)
    assert.deepEqual(handles.map(({ conditionalFailed }) => conditionalFailed), [true, true, false, true, true, true, false, true, false, false])
    assert.deepEqual([await db.get('a'), await db.get('c'), await db.get('i')], ['1', null, null])
    assert.deepEqual({ ...(await db.hGetAll('h')) }, { f: '1' })
    assert.equal(await db.zCard('z'), 1)
  })

  test('has what was queued as it was then, whatever becomes of it', async (t) => {
    const db = opened(t)
    const write = db.atomicWrite()
    const [bytes, list, fields] = [Buffer.from('v'), ['a', Buffer.from('b')], { f: Buffer.from('1') }]
    write.set('k', bytes)
    write.sAdd('s', list)
    write.hSet('h', fields)
    bytes[0] = list[1][0] = fields.f[0] = 0x78
    list.push('c')
    await write.exec()
    assert.equal(await db.get('k'), 'v')
    assert.deepEqual((await db.sMembers('s')).sort(), ['a', 'b'])
    assert.equal(await db.hGet('h', 'f'), '1')
  })

  test('without operations is true', async (t) => {
    assert.equal(await opened(t).atomicWrite().exec(), true)
  })

  test('of a key of another kind rejects whatever the conditions, and makes nothing', async (t) => {
    const db = opened(t)
    await db.set('k', 'text')
    const write = db.atomicWrite()
    write.set('other', '1')
    const handle = write.setNX('k', '1')
    write.sAdd('k2', 'm')
    write.sAdd('k3', 'm')
    await db.set('k3', 'text')
    const error = await rejectionOf(() => write.exec())
    assert.deepEqual([error.code, error.operation, error.outcome], ['ERR_REDKV_TYPE', 'atomicWrite', 'not-applied'])
    assert.match(error.stack, /atomic-write\.test\.js/)
    assert.equal(handle.conditionalFailed, false)
    assert.deepEqual([await db.has('other'), await db.has('k2')], [false, false])
  })

  test('is sent once, and takes nothing after that', async (t) => {
    const db = opened(t)
    const write = db.atomicWrite()
    write.incrBy('n')
    await write.exec()
    const error = await rejectionOf(() => write.exec())
    isArgumentError(error, 'this')
    assert.equal(error.operation, 'atomicWrite')
    assert.throws(() => write.set('k', 'v'), (error) => {
      assert.match(error.stack.split('\n')[1], /atomic-write\.test\.js/)
      return error.code === 'ERR_REDKV_ARGUMENT' && error.operation === 'set'
    })
    assert.equal(await db.get('n'), '1')
  })

  test('may have 100 operations, and not one more', async (t) => {
    const db = opened(t)
    const of = (count) => {
      const write = db.atomicWrite()
      for (let n = 0; n < count; n += 1) write.set(`k${n}`, n)
      return write
    }
    isArgumentError(await rejectionOf(() => of(101).exec()), 'operations', 'memory')
    isArgumentError(await rejectionOf(() => of(200_000).exec()), 'operations', 'memory')
    assert.equal(await db.has('k0'), false)
    assert.equal(await of(100).exec(), true)
    assert.equal(await db.get('k99'), '99')
  })

  test('merges what has a meaning on one key', async (t) => {
    const db = opened(t)
    const write = db.atomicWrite()
    write.incrBy('n', 2)
    write.incrBy('n', 3n)
    write.sAdd('s', 'a')
    write.sAdd('s', ['b', 'a'])
    write.hSet('h', 'a', 1)
    write.hSetNX('h', 'b', 2)
    write.hDel('h', 'c')
    write.zAdd('z', 'a', 1)
    write.zAdd('z', 'b', 1)
    assert.equal(await write.exec(), true)
    assert.equal(await db.get('n'), '5')
    assert.deepEqual((await db.sMembers('s')).sort(), ['a', 'b'])
    assert.deepEqual({ ...(await db.hGetAll('h')) }, { a: '1', b: '2' })
    assert.deepEqual(await db.zRangeByLex('z', '-', '+'), ['a', 'b'])
  })

  const pairs = {
    'set and set': (write) => [write.set('k', 1), write.set('k', 2)],
    'setNX and delete': (write) => [write.setNX('k', 1), write.delete('k')],
    'incrBy and set': (write) => [write.incrBy('k'), write.set('k', 1)],
    'sAdd and sRem': (write) => [write.sAdd('k', 'a'), write.sRem('k', 'b')],
    'hSet and hDel of one field': (write) => [write.hSet('k', 'f', 1), write.hDel('k', 'f')],
    'hSet and hSetNX of one field': (write) => [write.hSet('k', { f: 1 }), write.hSetNX('k', 'f', 1)],
    'zAdd and zRem of one member': (write) => [write.zAdd('k', 'm', 1), write.zRem('k', 'm')],
    'zhAdd and zAdd of one field': (write) => [write.zhAdd('k', 'f', 'm', 1), write.zAdd('k', 'f', 1)],
    'set and zAdd': (write) => [write.set('k', 1), write.zAdd('k', 'm', 1)],
    'hSet and sAdd': (write) => [write.hSet('k', 'f', 1), write.sAdd('k', 'm')],
    'set of a number and of the text that it is': (write) => [write.set(1, 'a'), write.set('1', 'b')],
  }
  for (const [name, queue] of Object.entries(pairs)) {
    test(`refuses ${name}, and makes nothing`, async (t) => {
      const db = opened(t)
      const write = db.atomicWrite()
      write.set('other', 1)
      queue(write)
      const error = await rejectionOf(() => write.exec())
      isArgumentError(error, 'operations', 'memory')
      assert.equal(error.operation, 'atomicWrite')
      assert.match(error.message, /of one key, field or member cannot be together/)
      assert.deepEqual([await db.has('other'), await db.has('k')], [false, false])
    })
  }

  test('refuses increments whose sum leaves 64 bits', async (t) => {
    const write = opened(t).atomicWrite()
    write.incrBy('k', 2n ** 63n - 1n)
    write.incrBy('k', 1)
    isArgumentError(await rejectionOf(() => write.exec()), 'by', 'memory')
  })

  test('with a wrong argument says which operation has it', async (t) => {
    const db = opened(t)
    const write = db.atomicWrite()
    write.set('k', 'v')
    write.zAdd('z', 'm', NaN)
    const error = await rejectionOf(() => write.exec())
    isArgumentError(error, 'score')
    assert.equal(error.operation, 'atomicWrite')
    assert.match(error.message, /\(operation 1 of the atomic write, zAdd\)$/)
    assert.match(error.stack.split('\n')[1], /atomic-write\.test\.js/)
    assert.equal(await db.has('k'), false)
  })

  test('with a list that is none throws where it is called', (t) => {
    const write = opened(t).atomicWrite()
    for (const [operation, call, field] of [
      ['sAdd', () => write.sAdd('k', {}), 'members'],
      ['hDel', () => write.hDel('k', {}), 'fields'],
      ['hSet', () => write.hSet('k', new Date()), 'fields'],
    ]) {
      assert.throws(call, (error) => {
        assert.match(error.stack.split('\n')[1], /atomic-write\.test\.js/)
        return error.code === 'ERR_REDKV_ARGUMENT' && error.operation === operation && error.field === field
      })
    }
  })

  for (const [field, options] of [
    ['retries', { retries: -1 }],
    ['retries', { retries: 1.5 }],
    ['retries', { retries: 101 }],
    ['retries', { retries: '3' }],
    ['unknown', { unknown: 1 }],
    ['signal', { signal: {} }],
    ['options', 5],
    ['options', null],
  ]) {
    test(`refuses ${JSON.stringify(options)} for options, and may be sent with others`, async (t) => {
      const db = opened(t)
      const write = db.atomicWrite()
      write.incrBy('n')
      const error = await rejectionOf(() => write.exec(options))
      isArgumentError(error, field)
      assert.equal(error.operation, 'atomicWrite')
      assert.equal(await write.exec({ retries: 0 }), true)
      assert.equal(await db.get('n'), '1')
    })
  }

  test('without its object is refused by what was called', async (t) => {
    const { set, sAdd, exec } = opened(t).atomicWrite()
    assert.throws(() => set('k', 'v'), { code: 'ERR_REDKV_ARGUMENT', field: 'this', operation: 'set' })
    assert.throws(() => sAdd('k', 'v'), { code: 'ERR_REDKV_ARGUMENT', field: 'this', operation: 'sAdd' })
    isArgumentError(await rejectionOf(() => exec()), 'this')
  })

  test('of a closed instance rejects', async (t) => {
    const db = opened(t)
    const write = db.atomicWrite()
    write.set('k', 'v')
    await db.close()
    assert.equal((await rejectionOf(() => write.exec())).code, 'ERR_REDKV_CLOSED')
  })

  test('comes after what was called before it, and before what is called after it', async (t) => {
    const db = opened(t)
    const write = db.atomicWrite()
    write.incrBy('n')
    const [before, , after] = await Promise.all([db.incrBy('n'), write.exec(), db.incrBy('n')])
    assert.deepEqual([before, after], [1, 3])
  })

  test('whose error nobody waits for ends the process as any unhandled rejection, and whose handles do not', async () => {
    const result = await childOf(async () => {
      const db = new RedKV.Structures('memory')
      await db.set('k', 'v')
      process.on('unhandledRejection', ({ code }) => console.log(code))
      const write = db.atomicWrite()
      write.setNX('k', 'w')
      console.log(await write.exec())
      const wrong = db.atomicWrite()
      wrong.sAdd('k', 'm')
      wrong.exec()
    })
    printed(result, 'false\nERR_REDKV_TYPE\n')
  })
})

test('arguments that a write does not take are refused, and nothing of it is queued', async (t) => {
  const db = opened(t)
  const write = db.atomicWrite()
  const refused = { code: 'ERR_REDKV_ARGUMENT', field: 'arguments' }
  assert.throws(() => write.sAdd('s', 'x', 'y'), { ...refused, operation: 'sAdd', message: /several members are given as a list/ })
  assert.throws(() => write.hSet('h', 'a', 1, 'b', 2), { ...refused, operation: 'hSet' })
  assert.throws(() => write.hSet('h', { a: 1 }, { ttl: 1 }), { ...refused, operation: 'hSet' })
  assert.throws(() => write.delete('a', 'b'), { ...refused, operation: 'delete' })
  assert.throws(() => write.set('k', 1, { ttl: 1 }), { ...refused, operation: 'set' })
  assert.equal(await write.exec(), true)
  assert.equal(await db.has('k'), false)
})

test('two writes that cannot be together are named by their places', async (t) => {
  const db = opened(t)
  const write = db.atomicWrite()
  write.set('other', 1)
  write.set('k', 1)
  write.set('another', 1)
  write.incrBy('k')
  await assert.rejects(write.exec(), { code: 'ERR_REDKV_ARGUMENT', message: /operations 1 and 3 of the atomic write/ })
})

test('an amount that is missing is not 1', async (t) => {
  const db = opened(t)
  await assert.rejects(db.incrBy('balance', undefined), { code: 'ERR_REDKV_ARGUMENT', field: 'by' })
  const write = db.atomicWrite()
  write.incrBy('balance', undefined)
  await assert.rejects(write.exec(), { code: 'ERR_REDKV_ARGUMENT', field: 'by' })
  assert.equal(await db.incrBy('balance'), 1)
  assert.equal(await db.incrBy('balance', undefined, {}), 2)
})

test('the element that is wrong is named', async (t) => {
  const db = opened(t)
  await assert.rejects(db.sAdd('s', ['a', undefined]), { field: 'members', message: /^members\[1\] must be/ })
  await assert.rejects(db.hSet('h', { a: 1, b: undefined }), { field: 'value', message: /^the value of fields\[1\] must be/ })
})

test('with the limits of DynamoDB a member cannot be _', async (t) => {
  const db = new Structures('memory', { limits: 'dynamodb' })
  t.after(() => db.close())
  await assert.rejects(db.zAdd('z', '_', 1), { code: 'ERR_REDKV_ARGUMENT', field: 'member' })
})
