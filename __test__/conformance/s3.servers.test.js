'use strict'

const { testChain, testStore } = require('../support/conformance.js')

testStore('s3')

testChain('memory', 's3')
testChain('s3', 'memory')
testChain('memory', 'redis', 's3')
testChain('disk', 's3Behind')
