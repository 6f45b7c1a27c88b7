// A bare Map in async functions: what there is to pay for a promise and a lookup.

function memory() {
  const map = new Map()
  return {
    get: async (key) => map.get(key),
    set: async (key, value) => void map.set(key, value),
    getMany: async (keys) => keys.map((key) => map.get(key)),
    close() {}
  }
}

// As `redis` it shows what the harness itself costs.
export default { Map: { memory, redis: memory } }
