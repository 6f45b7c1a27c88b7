'use strict'

const { testBackend } = require('../support/structures/conformance.js')

testBackend('memory')
testBackend('memoryAsDynamodb')
testBackend('sqlite')
