import RedKV from './index.js'

export { RedKV as default, RedKV }
export const { Records, RedKVError, Structures } = RedKV
