// What both programs do with the package.

const assert = require('node:assert/strict')
const { rmSync } = require('node:fs')

module.exports = async function use(RedKV, way) {
  const path = `${way}.sqlite`
  rmSync(path, { force: true })
  const writer = new RedKV()
  writer.addStore('memory')
  writer.addStore('sqlite', { path })
  await writer.ready()
  await writer.set('key', 'value')
  assert.equal(await writer.get('key'), 'value')
  await writer.close()

  const reader = new RedKV()
  const file = reader.addStore('sqlite', { path })
  await reader.ready()
  assert.equal(await reader.get('key'), 'value')
  assert.equal(await file.get('another key'), null)
  await reader.close()

  const db = new RedKV.Structures('memory')
  await db.zAdd('sorted', 'member', 1)
  assert.deepEqual(await db.zRangeByScore('sorted', 0, 2), ['member'])
  await db.close()
  console.log(`works by ${way}`)
}
