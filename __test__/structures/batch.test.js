'use strict'

// Operations that are queued, and sent together.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { RedKVError, Structures } = require('../..')
const { childOf, printed } = require('../support/child.js')
const { isArgumentError, rejectionOf } = require('../support/refused.js')

function opened(t) {
  const db = new Structures('memory')
  t.after(() => db.close())
  return db
}

describe('a batch', () => {
  test('keeps the order of the calls on a key, and answers each', async (t) => {
    const db = opened(t)
    const batch = db.batch()
    const answers = [
      batch.set('k', 'a'),
      batch.get('k'),
      batch.set('k', 'b'),
      batch.get('k'),
      batch.delete('k'),
      batch.delete('k'),
      batch.get('k'),
      batch.incrBy('n', 2n),
      batch.hSet('h', { f: 1 }),
      batch.hGetAll('h'),
      batch.zAdd('z', 'm', 1),
      batch.zRangeByScore('z', 0, 2, { withScores: true }),
    ]
    assert.equal(await batch.exec(), undefined)
    assert.deepEqual(await Promise.all(answers), [
      ...[undefined, 'a', undefined, 'b', true, false, null, 2n, undefined],
      ...[Object.assign(Object.create(null), { f: '1' }), undefined, [{ value: 'm', score: 1 }]],
    ])
  })

  test('sends nothing before exec()', async (t) => {
    const db = opened(t)
    const batch = db.batch()
    batch.set('k', 'v')
    await db.get('other')
    assert.equal(await db.get('k'), null)
    await batch.exec()
    assert.equal(await db.get('k'), 'v')
  })

  test('has what was queued as it was then, whatever becomes of it', async (t) => {
    const db = opened(t)
    const batch = db.batch()
    const [bytes, list, fields, pairs] = [Buffer.from('v'), ['a', Buffer.from('b')], { f: 1 }, [['f', Buffer.from('2')]]]
    batch.set('k', bytes)
    batch.sAdd('s', list)
    batch.hSet('h', fields)
    batch.hSet('i', pairs)
    bytes[0] = list[1][0] = pairs[0][1][0] = 0x78
    list.push('c')
    fields.f = fields.g = 2
    await batch.exec()
    assert.equal(await db.get('k'), 'v')
    assert.deepEqual((await db.sMembers('s')).sort(), ['a', 'b'])
    assert.deepEqual({ ...(await db.hGetAll('h')) }, { f: '1' })
    assert.equal(await db.hGet('i', 'f'), '2')
  })

  test('without operations does nothing', async (t) => {
    assert.equal(await opened(t).batch().exec(), undefined)
  })

  test('of which one operation fails makes the others', async (t) => {
    const db = opened(t)
    await db.set('text', 'a')
    const batch = db.batch()
    const first = batch.set('k', '1')
    const wrong = batch.incrBy('text', 1)
    const ofKind = batch.sAdd('text', 'm')
    const last = batch.incrBy('k', 1)
    const error = await rejectionOf(() => batch.exec())
    assert.ok(error instanceof RedKVError)
    assert.deepEqual([error.code, error.operation, error.outcome, error.retryable], ['ERR_REDKV_PARTIAL', 'batch', 'not-applied', false])
    assert.deepEqual([...error.errors.keys()], ['1', '2'])
    assert.equal(error.errors.get('1'), await rejectionOf(() => wrong))
    assert.equal(error.errors.get('2'), await rejectionOf(() => ofKind))
    assert.deepEqual([error.errors.get('1').code, error.errors.get('2').code], ['ERR_REDKV_VALUE', 'ERR_REDKV_TYPE'])
    assert.equal(error.cause, error.errors.get('1'))
    assert.match(error.message, /^2 of 4 operations of the batch failed; the first error: /)
    assert.match(error.stack, /batch\.test\.js/)
    assert.deepEqual([await first, await last], [undefined, 2])
  })

  test('of which one argument is wrong makes the others', async (t) => {
    const db = opened(t)
    const batch = db.batch()
    batch.set(null, 'v')
    batch.sAdd('s', {})
    batch.hSet('h', [['f']])
    batch.set('k', 'v')
    const { errors } = await rejectionOf(() => batch.exec())
    const told = [...errors.values()].map(({ operation, field }) => [operation, field])
    assert.deepEqual(told, [['set', 'key'], ['sAdd', 'members'], ['hSet', 'fields']])
    assert.equal(await db.get('k'), 'v')
  })

  test('has with each failure the stack of where it was queued', async (t) => {
    const db = opened(t)
    await db.set('text', 'a')
    const batch = db.batch()
    const queueWrong = () => batch.incrBy('text', 1)
    const queueNothing = () => batch.get(null)
    queueWrong()
    queueNothing()
    const error = await rejectionOf(() => batch.exec())
    const [ofData, ofArgument] = error.errors.values()
    assert.match(ofData.stack, /^\w+: .*\n    at queueWrong \(.*batch\.test\.js/)
    assert.ok(ofData.stack.startsWith(`RedKVError: ${ofData.message}`), ofData.stack)
    assert.match(ofArgument.stack, /^\w+: .*\n    at queueNothing \(.*batch\.test\.js/)
    assert.deepEqual(Object.keys(ofData), Object.keys(error.cause))
  })

  test('of very many operations has with a failure the stack of who queued or sent it', async (t) => {
    const db = opened(t)
    await db.set('text', 'a')
    const batch = db.batch()
    Array.from({ length: 5000 }, () => batch.get('k'))
    batch.incrBy('text', 1)
    const { errors } = await rejectionOf(() => batch.exec())
    assert.match(errors.get('5000').stack, /batch\.test\.js/)
  })

  test('is sent once, and takes nothing after that', async (t) => {
    const db = opened(t)
    const batch = db.batch()
    batch.incrBy('n')
    await batch.exec()
    isArgumentError(await rejectionOf(() => batch.exec()), 'this')
    const error = await rejectionOf(() => batch.set('k', 'v'))
    isArgumentError(error, 'this')
    assert.equal(error.operation, 'set')
    assert.match(error.stack.split('\n')[1], /batch\.test\.js/)
    assert.equal(await db.get('n'), '1')
  })

  test('takes no options: each operation has its own', async (t) => {
    const db = opened(t)
    const batch = db.batch()
    const value = batch.get('k', { buffers: true, signal: AbortSignal.abort() })
    isArgumentError(await rejectionOf(() => batch.exec({ signal: AbortSignal.abort() })), 'options')
    const error = await rejectionOf(() => batch.exec())
    assert.equal(error.errors.get('0').name, 'AbortError')
    assert.equal((await rejectionOf(() => value)).name, 'AbortError')
  })

  test('without its object is refused by what was called', async (t) => {
    const { set, exec } = opened(t).batch()
    isArgumentError(await rejectionOf(() => set('k', 'v')), 'this')
    isArgumentError(await rejectionOf(() => exec()), 'this')
  })

  test('has no iterations, and every other operation', (t) => {
    const db = opened(t)
    const batch = db.batch()
    assert.equal(batch.zIterate, undefined)
    assert.deepEqual(
      ['get', 'delete', 'has', 'setEQ', 'sIsMember', 'hDel', 'zhRangeByLex'].map((name) => [typeof batch[name], batch[name].name]),
      ['get', 'delete', 'has', 'setEQ', 'sIsMember', 'hDel', 'zhRangeByLex'].map((name) => ['function', name]),
    )
  })

  test('of a view whose reads may be old does all that a batch does', async (t) => {
    const batch = opened(t).eventuallyConsistent().batch()
    batch.set('k', 'v')
    const value = batch.get('k')
    await batch.exec()
    assert.equal(await value, 'v')
  })

  test('of a closed instance fails in every operation', async (t) => {
    const db = opened(t)
    const batch = db.batch()
    batch.set('k', 'v')
    batch.get('k')
    await db.close()
    const { code, errors } = await rejectionOf(() => batch.exec())
    assert.equal(code, 'ERR_REDKV_PARTIAL')
    assert.deepEqual([...errors.values()].map(({ code }) => code), ['ERR_REDKV_CLOSED', 'ERR_REDKV_CLOSED'])
  })

  test('that is dropped unsent is warned about once, also where its promises are waited for', async () => {
    const result = await childOf(async () => {
      const db = new RedKV.Structures('memory')
      process.on('warning', ({ name, message }) => console.log(`${name}: ${message}`))
      const forget = async () => console.log(await db.batch().get('never sent'))
      const forgetBoth = async (batch) => console.log(await Promise.all([batch.set('k', 'v'), batch.get('k')]))
      const collected = async () => {
        for (let turn = 0; turn < 5; turn += 1) {
          globalThis.gc()
          await new Promise((resolve) => setTimeout(resolve, 1))
        }
      }
      db.batch()
      await (async (batch) => {
        batch.set('k', 'v')
        await batch.exec()
      })(db.batch())
      await collected()
      console.log('what was sent and what is empty is not missed')
      forget()
      await collected()
      forget()
      forgetBoth(db.batch())
      await collected()
    }, undefined, '--expose-gc', '--no-warnings')
    const told = 'a batch with get() in it was dropped without exec(): nothing of it was sent, and its promises never settle'
    printed(result, `what was sent and what is empty is not missed\nRedKVWarning: ${told}\n`)
  })

  test('that is dropped unsent keeps no process alive', async () => {
    const result = await childOf(() => {
      const db = new RedKV.Structures('memory')
      db.batch().get('never sent').then(() => console.log('settled'))
      process.on('exit', () => console.log('the end'))
    })
    printed(result, 'the end\n')
  })

  test('that nobody waits for ends no process', async () => {
    const result = await childOf(async () => {
      const db = new RedKV.Structures('memory')
      await db.set('text', 'a')
      const batch = db.batch()
      batch.incrBy('text', 1)
      batch.set(null, 'v')
      batch.hSet('h', new Date())
      await batch.exec().catch(({ errors }) => console.log(errors.size))
      db.batch().get('never sent')
      batch.get('too late').catch(() => {})
    })
    printed(result, '3\n')
  })
})
