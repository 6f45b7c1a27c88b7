'use strict'

const { testBackend } = require('../support/records/conformance.js')

testBackend('memory')
testBackend('sqlite')
