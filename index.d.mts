import RedKV = require('./index.js')

export { RedKV as default, RedKV }
export import RedKVError = RedKV.RedKVError
