// `await using`, which TypeScript has from 5.2 on.

import RedKV from 'redkv'

export async function ends(): Promise<void> {
  await using chain = new RedKV()
  await chain.ready()
  await chain.close()
}
