'use strict'

// In a file of its own, which runs beside the others: the emulator takes its time.

const { testChain, testStore } = require('./support/conformance.js')

testStore('s3')

testChain('memory', 's3')
testChain('s3', 'memory')
testChain('memory', 'redis', 's3')
testChain('disk', 's3Behind')
