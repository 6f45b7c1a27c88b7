'use strict'

// The operations by the numbers under which the addon knows them. It says them when records are made first.
module.exports = Object.create(null)
