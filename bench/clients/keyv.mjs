// keyv 6 in memory: as it comes, and without the serialisation that a Map does not need.

import { Keyv } from 'keyv-6'

function memory(options) {
  const keyv = new Keyv(options)
  return { get: (key) => keyv.get(key), set: (key, value) => keyv.set(key, value), close() {} }
}

export default {
  keyv: { memory: () => memory({}) },
  'keyv tuned': { memory: () => memory({ serialization: false }) }
}
