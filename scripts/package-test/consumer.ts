import RedKV, { RedKV as Named, RedKVError } from 'redkv'

const redkv: RedKV = new Named()
redkv.addStore('memory')
redkv.addStore('sqlite', { path: 'file.sqlite' })

// @ts-expect-error: a store that needs a path
redkv.addStore('sqlite', {})

export async function read(key: string): Promise<string | null> {
  try {
    return await redkv.get(key)
  } catch (error) {
    if (error instanceof RedKVError) console.error(error.code)
    throw error
  }
}
