// The clients that records are compared with: `{ name: (endpoint) => ({ get(key), list(), close() }) }`, where `list` iterates over all
// of the partition. RedKV's has `fill(count, value)`, too, which makes the table.

const files = { redkv: 'redkv', 'lib-dynamodb': 'lib-dynamodb' }

/** Opens a client. Only its own file is loaded. */
export async function open(name, endpoint) {
  const { default: named } = await import(`./${files[name]}.mjs`)
  return named[name](endpoint)
}
