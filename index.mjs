import RedKV from './index.js'

export { RedKV as default, RedKV }
export const { RedKVError, Structures } = RedKV
