const RedKV = require('redkv')

const kv = new RedKV()
kv.addStore('memory')
kv.set('key', 'the value')
  .then(() => kv.get('key'))
  .then(console.log)
