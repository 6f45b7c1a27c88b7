import RedKV from './index.js'

export default RedKV
export const { RedKVError } = RedKV
export { RedKV }
